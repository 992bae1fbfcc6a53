-- grain: dx4, px
-- inputs: case_main, dip_group
-- params: -
-- source: DIP 3.0 draft ch.3 order of assignment below the rule layers: 基本, merged category, 综合, chapter; the first hit wins
-- note: the 4-character diagnosis and the principal procedure decide all other keys, so each pair is looked up once
WITH pair AS (
    SELECT
        dx4,
        px,
        max(dx3) AS dx3,
        max(chapter) AS chapter,
        max(px_rubric) AS px_rubric,
        max(px_kind) AS px_kind
    FROM case_main
    GROUP BY dx4, px
)
SELECT
    p.dx4,
    p.px,
    coalesce(k.dip_code, j.dip_code, c.dip_code, u.dip_code, l.dip_code, '') AS dip_code,
    coalesce(k.dip_type, j.dip_type, c.dip_type, u.dip_type, l.dip_type, 'ungrouped') AS dip_type,
    coalesce(k.scope, j.scope, c.scope, u.scope, l.scope, 'none') AS scope
FROM pair AS p
LEFT JOIN dip_group AS k ON k.scope = 'core' AND k.dx = p.dx4 AND k.px = p.px
LEFT JOIN dip_group AS j ON j.scope = 'merged' AND j.dx = p.dx3 AND j.px = p.px
LEFT JOIN dip_group AS c ON c.scope = 'composite' AND c.dx = p.dx3 AND c.px_kind = p.px_kind
LEFT JOIN dip_group AS u ON u.scope = 'rubric' AND u.dx = p.chapter AND u.px = p.px_rubric
LEFT JOIN dip_group AS l ON l.scope = 'chapter' AND l.dx = p.chapter AND l.px_kind = p.px_kind
