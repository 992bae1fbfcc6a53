-- grain: setl_id
-- inputs: fee_lines, catalogue_span, limit_line, limit_row, line_net
-- params: -
-- source: 饮片 that are paid in a compound only (限复方): how many different ones stand in the settlement
WITH asked AS (
    SELECT DISTINCT x.setl_id
    FROM limit_line AS x
    JOIN limit_row AS r ON r.version_no = x.version_no
    WHERE r.compound = 1
)
SELECT l.setl_id, count(DISTINCT l.med_list_codg) AS herbs
FROM fee_lines AS l
JOIN asked AS a ON a.setl_id = l.setl_id
JOIN catalogue_span AS v
    ON v.med_list_codg = l.med_list_codg
    AND CAST(l.fee_ocur_time AS DATE) >= v.from_day AND CAST(l.fee_ocur_time AS DATE) <= v.until_day
LEFT JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
WHERE v.list_type = '102' AND coalesce(n.cnt, l.cnt) > 0
GROUP BY l.setl_id
