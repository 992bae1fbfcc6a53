-- grain: setl_id
-- inputs: case_main, rule_hit, related_hit, dip_group
-- params: -
-- source: DIP 3.0 draft ch.3 order of assignment: 先期, 并项, 诊断辅助, 基本 (with related procedures first), merged category, 综合, chapter, ungrouped; the first hit wins. No cost is read: a case's own cost never chooses its group
SELECT
    m.setl_id,
    coalesce(r.dip_code, h.dip_code, k.dip_code, j.dip_code, c.dip_code, u.dip_code, l.dip_code, '') AS dip_code,
    CASE
        WHEN m.dx_barred <> '' THEN 'ungrouped'
        WHEN r.dip_code IS NOT NULL THEN r.layer
        ELSE coalesce(h.dip_type, k.dip_type, j.dip_type, c.dip_type, u.dip_type, l.dip_type, 'ungrouped')
    END AS dip_type,
    CASE
        WHEN m.dx_barred <> '' THEN 'barred'
        WHEN r.dip_code IS NOT NULL THEN 'rule'
        ELSE coalesce(h.scope, k.scope, j.scope, c.scope, u.scope, l.scope, 'none')
    END AS scope
FROM case_main AS m
LEFT JOIN rule_hit AS r ON r.setl_id = m.setl_id
LEFT JOIN related_hit AS x ON x.setl_id = m.setl_id
LEFT JOIN dip_group AS h ON h.dip_code = x.dip_code
LEFT JOIN dip_group AS k ON k.scope = 'core' AND k.dx = m.dx4 AND k.px = m.px AND m.dx_barred = ''
LEFT JOIN dip_group AS j ON j.scope = 'merged' AND j.dx = m.dx3 AND j.px = m.px AND m.dx_barred = ''
LEFT JOIN dip_group AS c ON c.scope = 'composite' AND c.dx = m.dx3 AND c.px_kind = m.px_kind AND m.dx_barred = ''
LEFT JOIN dip_group AS u ON u.scope = 'rubric' AND u.dx = m.chapter AND u.px = m.px_rubric AND m.dx_barred = ''
LEFT JOIN dip_group AS l ON l.scope = 'chapter' AND l.dx = m.chapter AND l.px_kind = m.px_kind AND m.dx_barred = ''
