-- grain: setl_id, feedetl_sn
-- inputs: care_line, claims, care_day, consumable_deny, consumable_allow, preparations
-- params: -
-- source: RULEBOOK §3a (制剂 payable at the listed institutions only), §3b (耗材: 排除法 pays unless listed, 准入法 pays only what is listed and in its validity)
WITH placed AS (
    SELECT setl_id, feedetl_sn, med_list_codg, day, list_type
    FROM care_line
    WHERE list_type IN ('103', '301')
),
consumables AS (
    SELECT
        p.setl_id, p.feedetl_sn,
        CASE
            WHEN t.allow_method = 0 AND d.med_list_codg IS NOT NULL THEN 7
            WHEN t.allow_method = 1 AND a.med_list_codg IS NULL THEN 8
            ELSE 0
        END AS reason
    FROM placed AS p
    JOIN care_day AS t ON t.day = p.day
    LEFT JOIN consumable_deny AS d
        ON d.med_list_codg = p.med_list_codg AND p.day >= d.begndate
        AND p.day <= coalesce(d.enddate, DATE '9999-12-31')
    LEFT JOIN consumable_allow AS a
        ON a.med_list_codg = p.med_list_codg AND p.day >= a.begndate
        AND p.day <= coalesce(a.enddate, DATE '9999-12-31')
    WHERE p.list_type = '301'
),
made AS (
    SELECT
        p.setl_id, p.feedetl_sn,
        CASE WHEN m.med_list_codg IS NULL THEN 9 ELSE 0 END AS reason
    FROM placed AS p
    JOIN claims AS c ON c.setl_id = p.setl_id
    LEFT JOIN preparations AS m
        ON m.med_list_codg = p.med_list_codg AND m.fixmedins_code = c.fixmedins_code AND p.day >= m.begndate
        AND p.day <= coalesce(m.enddate, DATE '9999-12-31')
    WHERE p.list_type = '103'
)
SELECT DISTINCT setl_id, feedetl_sn, reason
FROM (SELECT * FROM consumables UNION ALL SELECT * FROM made) AS judged
WHERE reason > 0
