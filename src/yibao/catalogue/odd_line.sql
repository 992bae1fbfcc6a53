-- grain: setl_id, feedetl_sn
-- inputs: fee_lines, line_net
-- params: tolerance_fen
-- source: RULEBOOK §3d; identities C1, C6
-- note: the few lines in which something may be wrong, by what stands in the line itself or by reversals of it
SELECT l.*
FROM fee_lines AS l
WHERE l.cnt <= 0 OR l.pric < 0 OR l.det_item_fee_sumamt < 0 OR l.init_feedetl_sn IS NOT NULL
    OR l.prd_days < 0 OR l.prd_days > 36500000000
    OR CAST(l.cnt AS DECIMAL(38, 0)) * CAST(l.pric AS DECIMAL(38, 0))
        - CAST(l.det_item_fee_sumamt AS DECIMAL(38, 0)) * 10000000000
        NOT BETWEEN CAST($tolerance_fen AS DECIMAL(38, 0)) * (-10000000000)
        AND CAST($tolerance_fen AS DECIMAL(38, 0)) * 10000000000
UNION
SELECT l.*
FROM fee_lines AS l
JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
WHERE n.kind = 0 AND (n.cnt < 0 OR n.amount < 0)
