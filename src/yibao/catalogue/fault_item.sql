-- grain: code, src_file, src_row, place
-- inputs: catalogue_items, item_limits
-- params: -
-- source: RULEBOOK §3d: same national code two classes on one date → load error; overlapping validity; class, share and limit within their range
WITH placed AS (
    SELECT i.*, row_number() OVER (ORDER BY i.med_list_codg, i.begndate, i.chrgitm_lv, i.src_file, i.src_row) AS n
    FROM catalogue_items AS i
),
meeting AS (
    SELECT DISTINCT
        CASE WHEN a.chrgitm_lv <> b.chrgitm_lv THEN 'item_two_classes' ELSE 'item_overlap' END AS code,
        b.src_file, b.src_row, 'begndate' AS place, CAST(b.begndate AS VARCHAR) AS written, b.med_list_codg AS item
    FROM placed AS a
    JOIN placed AS b ON b.med_list_codg = a.med_list_codg AND b.n > a.n
    WHERE b.begndate <= coalesce(a.enddate, DATE '9999-12-31')
        AND a.begndate <= coalesce(b.enddate, DATE '9999-12-31')
)
SELECT * FROM meeting
UNION ALL
SELECT 'item_class_unknown', src_file, src_row, 'chrgitm_lv', chrgitm_lv, med_list_codg
FROM catalogue_items
WHERE chrgitm_lv NOT IN ('01', '02', '03')
UNION ALL
SELECT 'item_share_missing', src_file, src_row, 'selfpay_prop', '', med_list_codg
FROM catalogue_items
WHERE chrgitm_lv = '02' AND selfpay_prop IS NULL
UNION ALL
SELECT 'item_share_range', src_file, src_row, 'selfpay_prop', CAST(selfpay_prop AS VARCHAR), med_list_codg
FROM catalogue_items
WHERE selfpay_prop < 0 OR selfpay_prop > 1
UNION ALL
SELECT 'item_share_of_class_a', src_file, src_row, 'selfpay_prop', CAST(selfpay_prop AS VARCHAR), med_list_codg
FROM catalogue_items
WHERE chrgitm_lv = '01' AND selfpay_prop > 0 AND selfpay_prop <= 1
UNION ALL
SELECT 'item_limit_negative', src_file, src_row, 'pric_uplmt_amt', '', med_list_codg
FROM catalogue_items
WHERE least(pric_uplmt_amt, pric_uplmt_lv1, pric_uplmt_lv2, pric_uplmt_lv3) < 0
UNION ALL
SELECT 'dates_reversed', src_file, src_row, 'enddate', CAST(enddate AS VARCHAR), med_list_codg
FROM catalogue_items
WHERE enddate < begndate
UNION ALL
SELECT 'limit_without_item', l.src_file, l.src_row, 'begndate', CAST(l.begndate AS VARCHAR), l.med_list_codg
FROM item_limits AS l
LEFT JOIN (SELECT DISTINCT med_list_codg, begndate FROM catalogue_items) AS i
    ON i.med_list_codg = l.med_list_codg AND i.begndate = l.begndate
WHERE i.med_list_codg IS NULL
