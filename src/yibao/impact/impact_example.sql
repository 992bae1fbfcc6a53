-- grain: law_no, side, rank
-- inputs: impact_person, impact_claim, impact_typical, sim_claim, sim_amount
-- params: extremes
-- source: docs/internals/simulate.md: the people who gain or lose most, each with the settlement that changed most their way, then one settlement in the middle for each kind
-- note: by amount, then by person, year and setl_id: the same rows in any order give the same examples; setl_id is NULL where no settlement of the person is under both laws
WITH ranked AS (
    SELECT
        law_no, psn_no, year, CASE WHEN change < 0 THEN 'winner' ELSE 'loser' END AS side,
        row_number() OVER (PARTITION BY law_no, CASE WHEN change < 0 THEN -1 ELSE 1 END
            ORDER BY abs(change) DESC, psn_no, year) AS nth
    FROM impact_person
    WHERE change <> 0
),
extreme AS (
    SELECT law_no, psn_no, year, side, nth FROM ranked WHERE nth <= $extremes
),
touched AS (
    SELECT
        e.law_no, e.side, e.nth, c.claim_no,
        row_number() OVER (PARTITION BY e.law_no, e.side, e.nth
            ORDER BY CASE WHEN e.side = 'winner' THEN k.change ELSE -k.change END, c.setl_id) AS nth_claim
    FROM extreme AS e
    JOIN sim_claim AS c ON c.psn_no = e.psn_no AND c.year = e.year
    JOIN impact_claim AS k ON k.law_no = e.law_no AND k.claim_no = c.claim_no
),
picked AS (
    SELECT e.law_no, e.side, 'extreme' AS pick, e.nth, e.psn_no, e.year, t.claim_no
    FROM extreme AS e
    LEFT JOIN touched AS t ON t.law_no = e.law_no AND t.side = e.side AND t.nth = e.nth AND t.nth_claim = 1
    UNION ALL
    SELECT y.law_no, y.side, 'typical' AS pick, 0 AS nth, c.psn_no, c.year, c.claim_no
    FROM impact_typical AS y
    JOIN sim_claim AS c ON c.setl_id = y.setl_id
    JOIN impact_claim AS k ON k.law_no = y.law_no AND k.claim_no = c.claim_no
)
SELECT
    e.law_no,
    e.side,
    CAST(row_number() OVER (PARTITION BY e.law_no, e.side ORDER BY e.pick, e.nth, c.kind, c.setl_id, e.psn_no)
        AS INTEGER) AS rank,
    e.pick, e.psn_no, e.year, p.age_band, p.identity,
    p.fee_before AS person_fee_before, p.fee_after AS person_fee_after,
    p.burden_before AS person_before, p.burden_after AS person_after,
    c.setl_id, c.day, c.kind, c.hosp_lv, c.insutype, c.fixmedins_code, c.medfee,
    b.hifp + b.hifob + b.hifmi + b.maf + b.cvlserv + b.oth AS fund_before,
    r.hifp + r.hifob + r.hifmi + r.maf + r.cvlserv + r.oth AS fund_after,
    b.acct + b.cash AS burden_before,
    r.acct + r.cash AS burden_after
FROM picked AS e
JOIN impact_person AS p ON p.law_no = e.law_no AND p.psn_no = e.psn_no AND p.year = e.year
LEFT JOIN sim_claim AS c ON c.claim_no = e.claim_no
LEFT JOIN sim_amount AS b ON b.claim_no = e.claim_no AND b.law_no = 0
LEFT JOIN sim_amount AS r ON r.claim_no = e.claim_no AND r.law_no = e.law_no
