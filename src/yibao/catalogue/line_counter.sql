-- grain: counter_no
-- inputs: line_counted
-- params: -
-- source: DESIGN §2: accumulators are keyed rows
SELECT row_number() OVER (ORDER BY counter_key) - 1 AS counter_no, counter_key
FROM (SELECT DISTINCT counter_key FROM line_counted) AS keys
