-- grain: case_no
-- inputs: case_main, rule_hit, related_hit, dip_group, key_group
-- params: -
-- source: DIP 3.0 draft ch.3 order of assignment: 先期, 并项, 诊断辅助, then groups with related procedures, then the pair of diagnosis and procedure; the first hit wins. No cost is read: a case's own cost never chooses its group
-- note: a rule wins even where its group has no history and so no points: the case is then ungrouped (scope unlearned) and has interim points, never 0
SELECT
    m.case_no,
    CASE
        WHEN m.dx_barred <> '' THEN ''
        WHEN r.dip_code IS NOT NULL THEN coalesce(h.dip_code, '')
        ELSE coalesce(x.dip_code, k.dip_code)
    END AS dip_code,
    CASE
        WHEN m.dx_barred <> '' THEN 'ungrouped'
        WHEN r.dip_code IS NOT NULL AND h.dip_code IS NULL THEN 'ungrouped'
        WHEN r.dip_code IS NOT NULL THEN r.layer
        ELSE coalesce(g.dip_type, k.dip_type)
    END AS dip_type,
    CASE
        WHEN m.dx_barred <> '' THEN 'barred'
        WHEN r.dip_code IS NOT NULL AND h.dip_code IS NULL THEN 'unlearned'
        WHEN r.dip_code IS NOT NULL THEN 'rule'
        ELSE coalesce(g.scope, k.scope)
    END AS scope
FROM case_main AS m
JOIN key_group AS k ON k.dx4 = m.dx4 AND k.px = m.px
LEFT JOIN rule_hit AS r ON r.case_no = m.case_no
LEFT JOIN dip_group AS h ON h.scope = 'rule' AND h.dip_code = r.dip_code AND h.dip_type = r.layer
LEFT JOIN related_hit AS x ON x.case_no = m.case_no
LEFT JOIN dip_group AS g ON g.dip_code = x.dip_code
