-- grain: law_no, psn_no, year, hosp_lv
-- inputs: sim_amount, sim_claim
-- params: -
-- source: docs/internals/simulate.md: a person's benefit year under each law, by level of the institution
SELECT
    a.law_no,
    c.psn_no,
    c.year,
    coalesce(c.hosp_lv, '') AS hosp_lv,
    CAST(sum(CASE WHEN a.outcome = 'reversed' THEN -1 WHEN a.outcome = 'adjusted' THEN 0 ELSE 1 END) AS BIGINT)
        AS claims,
    CAST(sum(c.medfee) AS BIGINT) AS fee,
    CAST(sum(a.hifp + a.hifob + a.hifmi + a.maf + a.cvlserv + a.oth) AS BIGINT) AS fund,
    CAST(sum(a.acct + a.cash) AS BIGINT) AS burden,
    CAST(sum(a.cash) AS BIGINT) AS cash
FROM sim_amount AS a
JOIN sim_claim AS c ON c.claim_no = a.claim_no
GROUP BY a.law_no, c.psn_no, c.year, coalesce(c.hosp_lv, '')
