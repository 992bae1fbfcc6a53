-- grain: queue_no
-- inputs: queue
-- params: -
-- source: docs/internals/benefit.md: which settlement of the queue a reversal undoes
SELECT r.queue_no, c.queue_no AS init_no
FROM queue AS r
JOIN queue AS c ON c.setl_id = r.init_setl_id AND c.queue_kind = 1
WHERE r.queue_kind = 2
