-- grain: setl_id, feedetl_sn
-- inputs: limit_result, limit_row, line_refused
-- params: -
-- source: RULEBOOK §3b 限定支付: days, quantity and times over a stay or a calendar year
-- note: take is what the line draws from its counter; a mark of -1 can be drawn in part, else the day or the settlement counts once however often it is marked. Days are those of the line (周期天数, cut to hundredths) or, where it gives none, the day it stands on
WITH counted AS (
    SELECT
        x.setl_id, x.feedetl_sn, x.cnt, x.day, x.prd_days, r.unit, r.amount,
        x.psn_no || '|' || x.med_list_codg || '|' || r.unit || '|' || r.per || '|'
            || CASE r.per WHEN 'year' THEN CAST(year(x.day) AS VARCHAR) ELSE x.stay END AS counter_key
    FROM limit_result AS x
    JOIN limit_row AS r ON r.version_no = x.version_no AND r.seq = x.seq
    LEFT JOIN line_refused AS f ON f.setl_id = x.setl_id AND f.feedetl_sn = x.feedetl_sn
    WHERE x.reason = 0 AND r.unit IS NOT NULL AND f.setl_id IS NULL AND x.cnt > 0
)
SELECT
    setl_id, feedetl_sn, counter_key, amount,
    CASE unit WHEN 'quantity' THEN 1 WHEN 'days' THEN 2 ELSE 3 END AS unit,
    CASE
        WHEN unit = 'quantity' THEN cnt
        WHEN unit = 'days' AND prd_days >= 10000 THEN least(prd_days - prd_days % 10000, 36500000000)
        ELSE 1000000
    END AS take,
    CASE
        WHEN unit = 'quantity' OR (unit = 'days' AND prd_days >= 10000) THEN -1
        WHEN unit = 'days' THEN date_diff('day', DATE '1970-01-01', day)
        ELSE dense_rank() OVER (PARTITION BY counter_key ORDER BY setl_id)
    END AS mark
FROM counted
