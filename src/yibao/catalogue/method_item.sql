-- grain: med_list_codg
-- inputs: catalogue_span, consumable_deny, consumable_allow
-- params: day
-- source: RULEBOOK §3b: during the change from 排除法 to 准入法 run both and report the difference in items
WITH denied AS (
    SELECT DISTINCT med_list_codg FROM consumable_deny
    WHERE $day >= begndate AND $day <= coalesce(enddate, DATE '9999-12-31')
),
allowed AS (
    SELECT DISTINCT med_list_codg FROM consumable_allow
    WHERE $day >= begndate AND $day <= coalesce(enddate, DATE '9999-12-31')
)
SELECT
    v.med_list_codg,
    CASE WHEN d.med_list_codg IS NULL THEN 1 ELSE 0 END AS pays_deny,
    CASE WHEN a.med_list_codg IS NULL THEN 0 ELSE 1 END AS pays_allow
FROM catalogue_span AS v
LEFT JOIN denied AS d ON d.med_list_codg = v.med_list_codg
LEFT JOIN allowed AS a ON a.med_list_codg = v.med_list_codg
WHERE v.list_type = '301' AND v.cls < 3 AND v.from_day <= $day AND v.until_day >= $day
