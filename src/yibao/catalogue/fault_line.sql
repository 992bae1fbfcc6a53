-- grain: code, src_file, src_row, place
-- inputs: odd_line, claims, line_net
-- params: tolerance_fen
-- source: RULEBOOK §3d: qty 0 rejected, negative only as reversal; identities C1 (amount = count × price within a tolerance), C6
-- note: of a line without a settlement only that is said (fault_unclaimed)
WITH joined AS (
    SELECT
        l.*, c.setl_id AS claim_id, n.kind, n.cnt AS left_cnt, n.amount AS left_amount,
        CAST(l.cnt AS DECIMAL(38, 0)) * CAST(l.pric AS DECIMAL(38, 0))
            - CAST(l.det_item_fee_sumamt AS DECIMAL(38, 0)) * 10000000000 AS gap
    FROM odd_line AS l
    LEFT JOIN claims AS c ON c.setl_id = l.setl_id
    LEFT JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
),
judged AS (
    SELECT
        j.*,
        CASE
            WHEN claim_id IS NULL THEN NULL
            WHEN cnt = 0 THEN 'line_count_zero'
            WHEN pric < 0 THEN 'line_price_negative'
            WHEN (cnt < 0 AND det_item_fee_sumamt > 0) OR (cnt > 0 AND det_item_fee_sumamt < 0) THEN 'line_signs_differ'
            WHEN cnt < 0 AND init_feedetl_sn IS NULL THEN 'line_negative'
            WHEN cnt > 0 AND init_feedetl_sn IS NOT NULL THEN 'reversal_positive'
            WHEN kind = 2 THEN 'reversal_unmatched'
            WHEN kind = 0 AND (left_cnt < 0 OR left_amount < 0) THEN 'reversal_over_line'
            WHEN prd_days < 0 OR prd_days > 36500000000 THEN 'line_days_range'
            WHEN gap > CAST($tolerance_fen AS DECIMAL(38, 0)) * 10000000000
                OR gap < CAST($tolerance_fen AS DECIMAL(38, 0)) * (-10000000000) THEN 'line_not_summing'
        END AS code
    FROM joined AS j
)
SELECT
    code, src_file, src_row,
    CASE
        WHEN code IN ('line_count_zero', 'line_negative', 'reversal_positive') THEN 'cnt'
        WHEN code = 'line_price_negative' THEN 'pric'
        WHEN code = 'line_days_range' THEN 'prd_days'
        WHEN code IN ('reversal_unmatched', 'reversal_over_line') THEN 'init_feedetl_sn'
        ELSE 'det_item_fee_sumamt'
    END AS place,
    CASE
        WHEN code IN ('reversal_unmatched', 'reversal_over_line') THEN coalesce(init_feedetl_sn, feedetl_sn)
        ELSE ''
    END AS written,
    setl_id || '/' || feedetl_sn AS item
FROM judged
WHERE code IS NOT NULL
