-- grain: case_no
-- inputs: case_main, rule_hit, core_key
-- params: -
-- source: DIP 3.0 draft ch.3: what the layers before and the core groups leave over
SELECT m.case_no, m.dx3, m.chapter, m.px, m.px_rubric, m.px_kind
FROM case_main AS m
LEFT JOIN rule_hit AS r ON r.case_no = m.case_no
LEFT JOIN core_key AS k ON k.dx = m.dx4 AND k.px = m.px
WHERE r.case_no IS NULL AND k.dx IS NULL AND m.dx_barred = ''
