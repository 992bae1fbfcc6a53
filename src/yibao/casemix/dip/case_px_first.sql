-- grain: case_no
-- inputs: case_px, px_code
-- params: -
-- source: 结算清单填写规范 (the first listed procedure is the principal one); DIP exclusion lists: a code that cannot be principal lets the next one move up, simple operations (内科诊疗) never lead
SELECT
    p.case_no,
    min_by(p.oprn_code, p.seq) AS px,
    min_by(c.px_kind, p.seq) AS px_kind,
    min_by(c.effect, p.seq) AS effect,
    min_by(c.listed_code, p.seq) AS listed_code
FROM case_px AS p
JOIN px_code AS c ON c.oprn_code = p.oprn_code
WHERE c.effect <> 'not_principal' AND c.px_kind <> '内科诊疗'
GROUP BY p.case_no
