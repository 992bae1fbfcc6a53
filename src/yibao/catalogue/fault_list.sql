-- grain: code, src_file, src_row, place
-- inputs: catalogue_items, consumable_deny, consumable_allow, preparations, special_approvals, prescriptions
-- params: -
-- source: RULEBOOK §3a–3b: lists, approvals and prescriptions that can be applied
WITH codes AS (
    SELECT DISTINCT med_list_codg FROM catalogue_items
),
lists AS (
    SELECT src_file, src_row, med_list_codg, begndate, enddate FROM consumable_deny
    UNION ALL
    SELECT src_file, src_row, med_list_codg, begndate, enddate FROM consumable_allow
    UNION ALL
    SELECT src_file, src_row, med_list_codg, begndate, enddate FROM preparations
    UNION ALL
    SELECT src_file, src_row, med_list_codg, begndate, enddate FROM special_approvals
),
numbered AS (
    SELECT
        r.*,
        row_number() OVER (
            PARTITION BY r.rxno, r.med_list_codg ORDER BY r.rx_time, r.psn_no, r.cnt, r.src_file, r.src_row
        ) AS nth,
        min(r.psn_no) OVER (PARTITION BY r.rxno) AS first_person
    FROM prescriptions AS r
)
SELECT 'dates_reversed' AS code, src_file, src_row, 'enddate' AS place, CAST(enddate AS VARCHAR) AS written,
    med_list_codg AS item
FROM lists
WHERE enddate < begndate
UNION ALL
SELECT 'listed_item_unknown', l.src_file, l.src_row, 'med_list_codg', l.med_list_codg, l.med_list_codg
FROM lists AS l
LEFT JOIN codes AS c ON c.med_list_codg = l.med_list_codg
WHERE c.med_list_codg IS NULL
UNION ALL
SELECT 'rx_duplicate', src_file, src_row, 'rxno', rxno, rxno FROM numbered WHERE nth > 1
UNION ALL
SELECT 'rx_two_persons', src_file, src_row, 'psn_no', psn_no, rxno FROM numbered WHERE psn_no <> first_person
UNION ALL
SELECT 'rx_count_not_positive', src_file, src_row, 'cnt', CAST(cnt AS VARCHAR), rxno FROM prescriptions WHERE cnt <= 0
UNION ALL
SELECT 'rx_days_not_positive', src_file, src_row, 'vali_days', CAST(vali_days AS VARCHAR), rxno
FROM prescriptions
WHERE vali_days <= 0
