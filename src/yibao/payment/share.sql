-- grain: case_no
-- inputs: case_points, grouped
-- params: budget_fen
-- source: RULEBOOK 0 and 4b.6-7: pay = budget × points / Σ points by exact shares and the largest remainder, ties by setl_id; the point value is never multiplied back
WITH total AS (
    SELECT CAST(sum(case_points) AS DECIMAL(38, 0)) AS points FROM case_points
),
exact AS (
    SELECT
        c.case_no,
        g.setl_id,
        CAST($budget_fen AS DECIMAL(38, 0)) * CAST(c.case_points AS DECIMAL(38, 0)) AS portion,
        t.points
    FROM case_points AS c
    JOIN grouped AS g ON g.case_no = c.case_no
    CROSS JOIN total AS t
    WHERE t.points > 0
),
floored AS (
    SELECT
        e.case_no,
        e.setl_id,
        idiv(e.portion, e.points) AS pay,
        e.portion - CAST(idiv(e.portion, e.points) AS DECIMAL(38, 0)) * e.points AS remainder
    FROM exact AS e
),
ordered AS (
    SELECT
        f.case_no,
        f.setl_id,
        f.pay,
        row_number() OVER (ORDER BY f.remainder DESC, f.setl_id) AS nth
    FROM floored AS f
),
spare AS (
    SELECT CAST($budget_fen AS BIGINT) - CAST(sum(pay) AS BIGINT) AS fen FROM floored
)
SELECT o.case_no, o.pay + CASE WHEN o.nth <= s.fen THEN 1 ELSE 0 END AS pay
FROM ordered AS o
CROSS JOIN spare AS s
