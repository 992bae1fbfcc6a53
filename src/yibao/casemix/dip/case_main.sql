-- grain: setl_id
-- inputs: stay, case_px_first, px_scope, dx_chapter, dx_exclusion
-- params: exclude_by_prefix, core_len, composite_len
-- source: DIP 3.0 draft ch.3 (keys: 4-character diagnosis, principal procedure, 3-character category, chapter); exclusion effects (a) to (c)
-- note: px is '' for a case treated without a principal procedure (内科诊疗); dx_barred is the listed code that bars the principal diagnosis, '' if none
WITH px AS (
    SELECT
        c.setl_id,
        f.px,
        f.px_kind,
        CASE
            WHEN f.setl_id IS NULL OR f.effect = 'conservative' THEN 0
            WHEN f.effect = 'scope' AND s.code IS NULL THEN 0
            ELSE 1
        END AS leads
    FROM stay AS c
    LEFT JOIN case_px_first AS f ON f.setl_id = c.setl_id
    LEFT JOIN px_scope AS s ON s.code = f.listed_code AND substr(c.diag_main, 1, length(s.prefix)) = s.prefix
),
one AS (
    SELECT setl_id, max(px) AS px, max(px_kind) AS px_kind, max(leads) AS leads FROM px GROUP BY setl_id
),
barred AS (
    SELECT d.diag_main, min(e.code) AS code
    FROM (SELECT DISTINCT diag_main FROM stay) AS d
    JOIN dx_exclusion AS e
        ON d.diag_main = e.code OR ($exclude_by_prefix = 1 AND substr(d.diag_main, 1, length(e.code)) = e.code)
    GROUP BY d.diag_main
)
SELECT
    c.setl_id,
    c.diag_main AS dx,
    substr(c.diag_main, 1, $core_len) AS dx4,
    substr(c.diag_main, 1, $composite_len) AS dx3,
    coalesce(h.chapter, '') AS chapter,
    CASE WHEN o.leads = 1 THEN o.px ELSE '' END AS px,
    CASE WHEN o.leads = 1 THEN substr(o.px, 1, 4) ELSE '' END AS px_rubric,
    CASE WHEN o.leads = 1 THEN o.px_kind ELSE '内科诊疗' END AS px_kind,
    coalesce(b.code, '') AS dx_barred
FROM stay AS c
JOIN one AS o ON o.setl_id = c.setl_id
LEFT JOIN barred AS b ON b.diag_main = c.diag_main
LEFT JOIN dx_chapter AS h ON h.dx3 = substr(c.diag_main, 1, 3)
