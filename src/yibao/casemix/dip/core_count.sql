-- grain: dx, px
-- inputs: case_main, rule_hit
-- params: -
-- source: DIP 3.0 draft ch.3: basic groups are 4-character diagnosis × principal procedure; counted after the layers before them
SELECT m.dx4 AS dx, m.px, count(*) AS n
FROM case_main AS m
LEFT JOIN rule_hit AS r ON r.case_no = m.case_no
WHERE r.case_no IS NULL AND m.dx_barred = ''
GROUP BY m.dx4, m.px
