-- grain: dip_code, hosp_lv, dscg_year
-- inputs: reference
-- params: -
-- source: DIP 技术规范 偏差: the standard is the mean fee of the group at the same level in the previous year, with a recorded fallback
-- note: hosp_lv '*' is all levels, dscg_year 0 is all years; fee / n is the mean in fen, kept as two integers
SELECT dip_code, hosp_lv, dscg_year, sum(n) AS n, sum(fee) AS fee
FROM reference
WHERE hosp_lv <> ''
GROUP BY dip_code, hosp_lv, dscg_year
HAVING sum(n) > 0 AND sum(fee) > 0
UNION ALL
SELECT dip_code, hosp_lv, 0 AS dscg_year, sum(n) AS n, sum(fee) AS fee
FROM reference
WHERE hosp_lv <> ''
GROUP BY dip_code, hosp_lv
HAVING sum(n) > 0 AND sum(fee) > 0
UNION ALL
SELECT dip_code, '*' AS hosp_lv, 0 AS dscg_year, sum(n) AS n, sum(fee) AS fee
FROM reference
GROUP BY dip_code
HAVING sum(n) > 0 AND sum(fee) > 0
