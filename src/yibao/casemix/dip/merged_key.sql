-- grain: dx, px
-- inputs: rest_after_core
-- params: core_min, merge_dx3
-- source: DIP 3.0 draft ch.3 诊断并项: diagnoses with one procedure path merged under the 3-character code; off unless dip.merge.dx3
SELECT dx3 AS dx, px, count(*) AS n
FROM rest_after_core
WHERE px <> '' AND $merge_dx3 = 1
GROUP BY dx3, px
HAVING count(*) >= $core_min
