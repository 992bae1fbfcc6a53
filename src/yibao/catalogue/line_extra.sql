-- grain: setl_id, feedetl_sn
-- inputs: line_net, line_refused, line_counted, line_counter
-- params: -
-- source: what only few lines have, gathered so that every line is joined once
WITH parts AS (
    SELECT
        setl_id, feedetl_sn, kind, cnt, amount, NULL AS reason, NULL AS counter_no, NULL AS unit, NULL AS most,
        NULL AS take, NULL AS mark
    FROM line_net
    UNION ALL
    SELECT setl_id, feedetl_sn, NULL, NULL, NULL, reason, NULL, NULL, NULL, NULL, NULL
    FROM line_refused
    UNION ALL
    SELECT d.setl_id, d.feedetl_sn, NULL, NULL, NULL, NULL, k.counter_no, d.unit, d.amount, d.take, d.mark
    FROM line_counted AS d
    JOIN line_counter AS k ON k.counter_key = d.counter_key
)
SELECT
    setl_id, feedetl_sn, max(kind) AS kind, max(cnt) AS cnt, max(amount) AS amount, min(reason) AS reason,
    max(counter_no) AS counter_no, max(unit) AS unit, max(most) AS most, max(take) AS take, max(mark) AS mark
FROM parts
GROUP BY setl_id, feedetl_sn
