-- grain: law_no, insutype, hosp_lv, kind, month
-- inputs: sim_amount, sim_claim
-- params: -
-- source: docs/internals/simulate.md: what each law pays, by insurance, level, kind and month of settlement
-- note: claims counts a reversal as less one and an adjustment as none; apart counts rows that break burden = fee less funds = account + cash, or whose mutual aid is not inside the account
SELECT
    a.law_no,
    coalesce(c.insutype, '') AS insutype,
    coalesce(c.hosp_lv, '') AS hosp_lv,
    coalesce(c.kind, '') AS kind,
    c.month,
    count(*) AS settlements,
    CAST(sum(CASE WHEN a.outcome = 'reversed' THEN -1 WHEN a.outcome = 'adjusted' THEN 0 ELSE 1 END) AS BIGINT)
        AS claims,
    CAST(sum(CASE WHEN c.medfee - (a.hifp + a.hifob + a.hifmi + a.maf + a.cvlserv + a.oth) <> a.acct + a.cash
        OR abs(a.mulaid) > abs(a.acct) OR abs(a.acct - a.mulaid) > abs(a.acct) THEN 1 ELSE 0 END) AS BIGINT) AS apart,
    CAST(sum(c.medfee) AS BIGINT) AS fee,
    CAST(sum(a.own) AS BIGINT) AS own,
    CAST(sum(a.over_limit) AS BIGINT) AS over_limit,
    CAST(sum(a.preself) AS BIGINT) AS preself,
    CAST(sum(a.in_scope) AS BIGINT) AS in_scope,
    CAST(sum(a.hifp) AS BIGINT) AS hifp,
    CAST(sum(a.hifob) AS BIGINT) AS hifob,
    CAST(sum(a.hifmi) AS BIGINT) AS hifmi,
    CAST(sum(a.maf) AS BIGINT) AS maf,
    CAST(sum(a.cvlserv) AS BIGINT) AS cvlserv,
    CAST(sum(a.oth) AS BIGINT) AS oth,
    CAST(sum(a.hifp + a.hifob + a.hifmi + a.maf + a.cvlserv + a.oth) AS BIGINT) AS fund,
    CAST(sum(a.acct + a.cash) AS BIGINT) AS burden,
    CAST(sum(a.acct) AS BIGINT) AS acct,
    CAST(sum(a.mulaid) AS BIGINT) AS mulaid,
    CAST(sum(a.cash) AS BIGINT) AS cash
FROM sim_amount AS a
JOIN sim_claim AS c ON c.claim_no = a.claim_no
GROUP BY a.law_no, coalesce(c.insutype, ''), coalesce(c.hosp_lv, ''), coalesce(c.kind, ''), c.month
