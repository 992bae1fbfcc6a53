-- grain: case_no
-- inputs: case_px, px_code
-- params: -
-- source: 结算清单填写规范 (the first listed procedure is the principal one); DIP exclusion lists: a code that cannot be principal lets the next one move up, simple operations (内科诊疗) never lead
-- note: a case's first procedure is found by its number; texts, slow to aggregate, are looked up for the one found
WITH first_of AS (
    SELECT p.case_no, min_by(c.px_no, p.seq) AS px_no
    FROM case_px AS p
    JOIN px_code AS c ON c.oprn_code = p.oprn_code
    WHERE c.effect <> 'not_principal' AND c.px_kind <> '内科诊疗'
    GROUP BY p.case_no
)
SELECT
    f.case_no,
    c.oprn_code AS px,
    c.px_kind,
    c.effect,
    c.listed_code
FROM first_of AS f
JOIN px_code AS c ON c.px_no = f.px_no
