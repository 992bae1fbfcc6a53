-- grain: person_no
-- inputs: enrolments, persons, deaths
-- params: -
-- source: RULEBOOK §1d: no cover before birth nor after death
WITH known AS (
    SELECT psn_no FROM enrolments WHERE psn_no IS NOT NULL
    UNION
    SELECT psn_no FROM persons WHERE psn_no IS NOT NULL
    UNION
    SELECT psn_no FROM deaths WHERE psn_no IS NOT NULL
),
born AS (
    SELECT psn_no, min(brdy) AS brdy FROM persons GROUP BY psn_no
),
dead AS (
    SELECT psn_no, min(die_date) AS die_date FROM deaths GROUP BY psn_no
)
SELECT CAST(row_number() OVER (ORDER BY k.psn_no) AS BIGINT) AS person_no, k.psn_no, b.brdy, d.die_date
FROM known AS k
LEFT JOIN born AS b ON b.psn_no = k.psn_no
LEFT JOIN dead AS d ON d.psn_no = k.psn_no
