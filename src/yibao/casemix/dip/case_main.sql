-- grain: case_no
-- inputs: stay, case_px_first, px_scope, dx_code
-- params: -
-- source: DIP 3.0 draft ch.3: a case's keys; exclusion effects: (b) a listed procedure makes the whole case conservative, (c) it may lead only inside its diagnosis range
-- note: px is '' for a case treated without a principal procedure (内科诊疗)
WITH fits_scope AS (
    SELECT DISTINCT d.dx, s.code
    FROM dx_code AS d
    JOIN px_scope AS s ON substr(d.dx, 1, length(s.prefix)) = s.prefix
),
led AS (
    SELECT
        f.case_no,
        f.px,
        f.px_kind
    FROM case_px_first AS f
    JOIN stay AS c ON c.case_no = f.case_no
    LEFT JOIN fits_scope AS s ON s.code = f.listed_code AND s.dx = c.dx
    WHERE f.effect = 'none' OR f.effect = 'not_principal' OR (f.effect = 'scope' AND s.code IS NOT NULL)
)
SELECT
    c.case_no,
    c.hosp_lv,
    c.dscg_year,
    c.fee,
    c.dx,
    d.dx4,
    d.dx3,
    d.chapter,
    d.dx_barred,
    coalesce(l.px, '') AS px,
    coalesce(substr(l.px, 1, 4), '') AS px_rubric,
    coalesce(l.px_kind, '内科诊疗') AS px_kind
FROM stay AS c
JOIN dx_code AS d ON d.dx = c.dx
LEFT JOIN led AS l ON l.case_no = c.case_no
