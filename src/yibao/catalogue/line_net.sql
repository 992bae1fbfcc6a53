-- grain: setl_id, feedetl_sn
-- inputs: fee_lines
-- params: -
-- source: identities C6: a reversal line has the same item, a negative count and the reversed line's number; RULEBOOK §3d: negative only as reversal
-- note: kind 0 a line with reversals (count and amount are what is left), 1 a reversal taken into its line, 2 a reversal without one; lines not named here stand as written
WITH back AS (
    SELECT setl_id, feedetl_sn, init_feedetl_sn, med_list_codg, cnt, det_item_fee_sumamt
    FROM fee_lines
    WHERE cnt < 0 OR det_item_fee_sumamt < 0
),
summed AS (
    SELECT
        setl_id, init_feedetl_sn, med_list_codg,
        CAST(sum(cnt) AS BIGINT) AS cnt,
        CAST(sum(det_item_fee_sumamt) AS BIGINT) AS amount
    FROM back
    WHERE init_feedetl_sn IS NOT NULL
    GROUP BY setl_id, init_feedetl_sn, med_list_codg
),
kept AS (
    SELECT
        l.setl_id, l.feedetl_sn, l.med_list_codg,
        l.cnt + s.cnt AS cnt,
        l.det_item_fee_sumamt + s.amount AS amount
    FROM summed AS s
    JOIN fee_lines AS l
        ON l.setl_id = s.setl_id AND l.feedetl_sn = s.init_feedetl_sn AND l.med_list_codg = s.med_list_codg
    WHERE l.cnt > 0 AND l.det_item_fee_sumamt >= 0
)
SELECT setl_id, feedetl_sn, 0 AS kind, cnt, amount FROM kept
UNION ALL
SELECT
    b.setl_id, b.feedetl_sn,
    CASE WHEN k.setl_id IS NULL THEN 2 ELSE 1 END AS kind,
    CASE WHEN k.setl_id IS NULL THEN b.cnt ELSE 0 END AS cnt,
    CASE WHEN k.setl_id IS NULL THEN b.det_item_fee_sumamt ELSE 0 END AS amount
FROM back AS b
LEFT JOIN kept AS k
    ON k.setl_id = b.setl_id AND k.feedetl_sn = b.init_feedetl_sn AND k.med_list_codg = b.med_list_codg
