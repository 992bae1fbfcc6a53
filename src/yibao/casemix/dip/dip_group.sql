-- grain: dip_code
-- inputs: rule, core_key, core_kind, related_key, merged_key, composite_key, chapter_key
-- params: -
-- source: DIP 3.0 draft ch.3: names and levels of the catalogue; the code is for reading, the columns for computing
-- note: scope says which key the row answers to: rule, core, related, merged, composite, rubric, chapter
SELECT DISTINCT r.dip_code, r.layer AS dip_type, 'rule' AS scope, '' AS dx, '' AS px, '' AS related, '' AS px_kind
FROM rule AS r
UNION ALL
SELECT
    k.dx || '-' || CASE WHEN k.px = '' THEN '保守治疗' ELSE k.px END AS dip_code,
    'core' AS dip_type, 'core' AS scope, k.dx, k.px, '' AS related, t.px_kind
FROM core_key AS k
JOIN core_kind AS t ON t.px = k.px
UNION ALL
SELECT
    k.dx || '-' || k.px || '-' || k.related AS dip_code,
    'core' AS dip_type, 'related' AS scope, k.dx, k.px, k.related, t.px_kind
FROM related_key AS k
JOIN core_kind AS t ON t.px = k.px
UNION ALL
SELECT k.dx || '-' || k.px AS dip_code, 'merged' AS dip_type, 'merged' AS scope, k.dx, k.px, '' AS related, t.px_kind
FROM merged_key AS k
JOIN core_kind AS t ON t.px = k.px
UNION ALL
SELECT k.dx || '|' || k.px_kind || '组' AS dip_code, 'composite' AS dip_type, 'composite' AS scope, k.dx, '' AS px,
    '' AS related, k.px_kind
FROM composite_key AS k
UNION ALL
SELECT
    k.dx || '|' || CASE WHEN k.px_rubric = '' THEN k.px_kind || '组' ELSE k.px_rubric END AS dip_code,
    'composite' AS dip_type,
    CASE WHEN k.px_rubric = '' THEN 'chapter' ELSE 'rubric' END AS scope,
    k.dx, k.px_rubric AS px, '' AS related, k.px_kind
FROM chapter_key AS k
