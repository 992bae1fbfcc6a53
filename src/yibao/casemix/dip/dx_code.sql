-- grain: dx
-- inputs: stay, dx_chapter, dx_exclusion
-- params: exclude_by_prefix, core_len, composite_len
-- source: DIP 3.0 draft ch.3 (keys: 4-character diagnosis, 3-character category, chapter) and the list of diagnoses that cannot be principal
-- note: dx_barred is the listed code that bars the diagnosis, '' if none
WITH code AS (
    SELECT DISTINCT dx FROM stay
),
barred AS (
    SELECT c.dx, min(e.code) AS code
    FROM code AS c
    JOIN dx_exclusion AS e
        ON c.dx = e.code OR ($exclude_by_prefix = 1 AND substr(c.dx, 1, length(e.code)) = e.code)
    GROUP BY c.dx
)
SELECT
    c.dx,
    substr(c.dx, 1, $core_len) AS dx4,
    substr(c.dx, 1, $composite_len) AS dx3,
    coalesce(h.chapter, '') AS chapter,
    coalesce(b.code, '') AS dx_barred
FROM code AS c
LEFT JOIN barred AS b ON b.dx = c.dx
LEFT JOIN dx_chapter AS h ON h.dx3 = substr(c.dx, 1, 3)
