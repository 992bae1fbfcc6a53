-- grain: case_no, oprn_code
-- inputs: case_px, px_code, px_scope, case_main, related_scope
-- params: -
-- source: DIP 3.0 draft ch.3 (related procedures: the others of the case that are fit for grouping); a listed procedure counts only inside its diagnosis range (effect c) or not at all (effect b). Limited to pairs where a related group can exist
SELECT DISTINCT
    p.case_no,
    m.dx4,
    m.px,
    p.oprn_code
FROM case_px AS p
JOIN px_code AS c ON c.oprn_code = p.oprn_code
JOIN case_main AS m ON m.case_no = p.case_no
JOIN related_scope AS s ON s.dx = m.dx4 AND s.px = m.px
LEFT JOIN px_scope AS r ON r.code = c.listed_code AND substr(m.dx, 1, length(r.prefix)) = r.prefix
WHERE m.dx_barred = ''
    AND m.px <> ''
    AND p.oprn_code <> m.px
    AND c.effect <> 'conservative'
    AND (c.effect <> 'scope' OR r.code IS NOT NULL)
    AND c.px_kind <> '内科诊疗'
