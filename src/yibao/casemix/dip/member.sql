-- grain: setl_id, dip_code
-- inputs: assigned, case_main, dip_group
-- params: -
-- source: RULEBOOK 4b.3: a group's cost is that of its own cases; the chapter fallbacks are measured over every case of the chapter and kind
-- note: own = 1 for the group a case is assigned to
SELECT a.setl_id, a.dip_code, 1 AS own
FROM assigned AS a
WHERE a.dip_type <> 'ungrouped'
UNION ALL
SELECT m.setl_id, g.dip_code, 0 AS own
FROM case_main AS m
JOIN dip_group AS g ON g.scope = 'rubric' AND g.dx = m.chapter AND g.px = m.px_rubric
JOIN assigned AS a ON a.setl_id = m.setl_id AND a.dip_code <> g.dip_code
WHERE m.dx_barred = ''
UNION ALL
SELECT m.setl_id, g.dip_code, 0 AS own
FROM case_main AS m
JOIN dip_group AS g ON g.scope = 'chapter' AND g.dx = m.chapter AND g.px_kind = m.px_kind
JOIN assigned AS a ON a.setl_id = m.setl_id AND a.dip_code <> g.dip_code
WHERE m.dx_barred = ''
