-- grain: item
-- inputs: claims, fee_lines
-- params: -
-- source: identity C5: the amounts of the lines of a settlement sum to its total
WITH summed AS (
    SELECT setl_id, CAST(sum(det_item_fee_sumamt) AS BIGINT) AS amount, count(*) AS n FROM fee_lines GROUP BY setl_id
)
SELECT
    'lines_not_claim_total' AS code, c.src_file, c.src_row, 'medfee_sumamt' AS place,
    CAST(s.amount AS VARCHAR) || '|' || CAST(c.medfee_sumamt AS VARCHAR) AS written, c.setl_id AS item
FROM claims AS c
JOIN summed AS s ON s.setl_id = c.setl_id
WHERE coalesce(c.refd_setl_flag, '0') <> '1' AND s.amount <> c.medfee_sumamt
