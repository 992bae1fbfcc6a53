-- grain: case_no
-- inputs: case_main, rule_hit, related_hit, dip_group, key_group
-- params: -
-- source: DIP 3.0 draft ch.3 order of assignment: 先期, 并项, 诊断辅助, then groups with related procedures, then the pair of diagnosis and procedure; the first hit wins. No cost is read: a case's own cost never chooses its group
SELECT
    m.case_no,
    CASE WHEN m.dx_barred <> '' THEN '' ELSE coalesce(r.dip_code, x.dip_code, k.dip_code) END AS dip_code,
    CASE
        WHEN m.dx_barred <> '' THEN 'ungrouped'
        WHEN r.dip_code IS NOT NULL THEN r.layer
        ELSE coalesce(g.dip_type, k.dip_type)
    END AS dip_type,
    CASE
        WHEN m.dx_barred <> '' THEN 'barred'
        WHEN r.dip_code IS NOT NULL THEN 'rule'
        ELSE coalesce(g.scope, k.scope)
    END AS scope
FROM case_main AS m
JOIN key_group AS k ON k.dx4 = m.dx4 AND k.px = m.px
LEFT JOIN rule_hit AS r ON r.case_no = m.case_no
LEFT JOIN related_hit AS x ON x.case_no = m.case_no
LEFT JOIN dip_group AS g ON g.dip_code = x.dip_code
