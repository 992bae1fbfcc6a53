-- grain: setl_id
-- inputs: fee_lines
-- params: -
-- source: identities C5: the lines sum to the settlement
SELECT setl_id, CAST(sum(det_item_fee_sumamt) AS BIGINT) AS total, count(*) AS lines
FROM fee_lines
GROUP BY setl_id
