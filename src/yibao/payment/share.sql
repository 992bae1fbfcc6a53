-- grain: case_no
-- inputs: share_part, share_fund
-- params: -
-- source: RULEBOOK 0 and 4b.6-7: pay = fund × points / Σ points by exact shares and the largest remainder, ties by setl_id, each fund by itself; the point value is never multiplied back
-- note: the fen left over go to the largest remainders; only the slot of remainders in which they run out is put in order, a thousandth of the cases, so that a million rows are never sorted
WITH slots AS (
    SELECT fund_type, slot, count(*) AS n, CAST(sum(pay) AS BIGINT) AS pay FROM share_part GROUP BY fund_type, slot
),
spare AS (
    SELECT s.fund_type, max(f.fund_fen) - CAST(sum(s.pay) AS BIGINT) AS fen
    FROM slots AS s
    JOIN share_fund AS f ON f.fund_type = s.fund_type
    GROUP BY s.fund_type
),
reached AS (
    SELECT fund_type, slot, n, sum(n) OVER (PARTITION BY fund_type ORDER BY slot DESC) AS upto FROM slots
),
edge AS (
    SELECT r.fund_type, r.slot, s.fen - (r.upto - r.n) AS fen
    FROM reached AS r
    JOIN spare AS s ON s.fund_type = r.fund_type
    WHERE r.upto - r.n < s.fen AND s.fen <= r.upto
),
ordered AS (
    SELECT
        f.case_no,
        row_number() OVER (PARTITION BY f.fund_type ORDER BY f.remainder DESC, f.setl_id) AS nth
    FROM share_part AS f
    JOIN edge AS e ON e.fund_type = f.fund_type AND e.slot = f.slot
)
SELECT
    f.case_no,
    f.pay + CASE
        WHEN e.slot IS NULL THEN 0
        WHEN f.slot > e.slot THEN 1
        WHEN coalesce(o.nth, e.fen + 1) <= e.fen THEN 1
        ELSE 0
    END AS pay
FROM share_part AS f
LEFT JOIN edge AS e ON e.fund_type = f.fund_type
LEFT JOIN ordered AS o ON o.case_no = f.case_no
