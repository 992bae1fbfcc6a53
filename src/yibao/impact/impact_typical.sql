-- grain: law_no, side, kind
-- inputs: impact_claim, sim_claim
-- params: -
-- source: docs/internals/simulate.md: the claim in the middle of those of its kind that change in one direction; of equal ones the first setl_id
WITH changed AS (
    SELECT
        k.law_no, CASE WHEN k.change < 0 THEN 'winner' ELSE 'loser' END AS side, coalesce(c.kind, '') AS kind,
        abs(k.change) AS size, c.setl_id
    FROM impact_claim AS k
    JOIN sim_claim AS c ON c.claim_no = k.claim_no
),
counted AS (
    SELECT law_no, side, kind, size, count(*) AS claims, min(setl_id) AS setl_id
    FROM changed
    GROUP BY law_no, side, kind, size
),
placed AS (
    SELECT
        law_no, side, kind, size, claims, setl_id,
        sum(claims) OVER (PARTITION BY law_no, side, kind ORDER BY size
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS upto,
        sum(claims) OVER (PARTITION BY law_no, side, kind) AS whole
    FROM counted
)
SELECT law_no, side, kind, setl_id, CAST(whole AS BIGINT) AS claims
FROM placed
WHERE upto >= idiv(whole + 1, 2) AND upto - claims < idiv(whole + 1, 2)
