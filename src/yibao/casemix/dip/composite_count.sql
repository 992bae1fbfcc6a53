-- grain: dx, px_kind
-- inputs: rest_after_core, merged_key
-- params: -
-- source: DIP 3.0 draft ch.3 综合病种: 3-character category × kind of the principal procedure, over what core groups leave
SELECT r.dx3 AS dx, r.px_kind, count(*) AS n
FROM rest_after_core AS r
LEFT JOIN merged_key AS m ON m.dx = r.dx3 AND m.px = r.px
WHERE m.dx IS NULL
GROUP BY r.dx3, r.px_kind
