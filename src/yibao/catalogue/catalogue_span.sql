-- grain: version_no
-- inputs: catalogue_items, item_limits
-- params: -
-- source: RULEBOOK §3b–3d: the class, share and limit in force on a day; before the first day not yet effective, after the last expired; 甲 has no first share, a share of 1 is 丙
-- note: the spans of a code cover all days once (state 0 in force, 1 before, 2 after or between), so a line meets exactly one; of two rows of one code and day the worse class stands (the checks name both), and a row ends where the next begins
WITH numbered AS (
    SELECT
        i.*,
        row_number() OVER (
            PARTITION BY i.med_list_codg, i.begndate
            ORDER BY i.chrgitm_lv DESC, coalesce(i.selfpay_prop, 1) DESC, i.enddate, i.list_type, i.pay_channel,
                i.pric_uplmt_amt, i.pric_uplmt_lv1, i.pric_uplmt_lv2, i.pric_uplmt_lv3, i.item_tag
        ) AS nth
    FROM catalogue_items AS i
),
followed AS (
    SELECT
        n.*,
        lead(n.begndate) OVER (PARTITION BY n.med_list_codg ORDER BY n.begndate) AS next_day,
        lag(n.begndate) OVER (PARTITION BY n.med_list_codg ORDER BY n.begndate) AS earlier
    FROM numbered AS n
    WHERE n.nth = 1
),
limited AS (
    SELECT DISTINCT med_list_codg, begndate FROM item_limits
),
dated AS (
    SELECT
        f.*,
        coalesce(least(f.enddate, f.next_day + (-1)), DATE '9999-12-31') AS until_day,
        CASE WHEN m.med_list_codg IS NULL THEN 0 ELSE 1 END AS limited,
        CASE
            WHEN f.chrgitm_lv = '01' THEN 1
            WHEN f.chrgitm_lv = '02' AND f.selfpay_prop < 1 THEN 2
            ELSE 3
        END AS cls
    FROM followed AS f
    LEFT JOIN limited AS m ON m.med_list_codg = f.med_list_codg AND m.begndate = f.begndate
),
spans AS (
    SELECT
        med_list_codg, begndate, begndate AS from_day, until_day, 0 AS state, cls,
        CASE cls WHEN 1 THEN 0 WHEN 2 THEN CAST(selfpay_prop * 1000000 AS BIGINT) ELSE 1000000 END AS share_ppm,
        pric_uplmt_amt AS limit_any,
        coalesce(pric_uplmt_lv1, pric_uplmt_amt) AS limit_lv1,
        coalesce(pric_uplmt_lv2, pric_uplmt_amt) AS limit_lv2,
        coalesce(pric_uplmt_lv3, pric_uplmt_amt) AS limit_lv3,
        CASE pay_channel WHEN 'special' THEN 1 WHEN 'negotiated' THEN 2 ELSE 0 END AS channel,
        CASE item_tag WHEN 'art' THEN 1 ELSE 0 END AS tag,
        list_type,
        CASE WHEN cls < 3 THEN limited ELSE 0 END AS limited
    FROM dated
    WHERE begndate <= until_day
    UNION ALL
    SELECT
        med_list_codg, begndate, DATE '0001-01-01' AS from_day, begndate + (-1) AS until_day, 1 AS state, 3 AS cls,
        1000000 AS share_ppm, NULL AS limit_any, NULL AS limit_lv1, NULL AS limit_lv2, NULL AS limit_lv3,
        0 AS channel, 0 AS tag, list_type, 0 AS limited
    FROM dated
    WHERE earlier IS NULL
    UNION ALL
    SELECT
        med_list_codg, begndate, greatest(until_day + 1, begndate) AS from_day,
        coalesce(next_day + (-1), DATE '9999-12-31') AS until_day, 2 AS state, 3 AS cls,
        1000000 AS share_ppm, NULL AS limit_any, NULL AS limit_lv1, NULL AS limit_lv2, NULL AS limit_lv3,
        0 AS channel, 0 AS tag, list_type, 0 AS limited
    FROM dated
    WHERE until_day < coalesce(next_day + (-1), DATE '9999-12-31')
)
SELECT row_number() OVER (ORDER BY med_list_codg, from_day) AS version_no, s.*
FROM spans AS s
