-- grain: queue_no, feedetl_sn
-- inputs: queue, counted_line
-- params: -
-- source: docs/internals/benefit.md: a claim's lines that draw from a counter, in the order in which they are scoped
-- note: sorted, lines of a day that counts once together; the columns of yibao.catalogue.scope.Line, then channel and counter
SELECT
    q.queue_no, f.feedetl_sn, f.cls, f.limit_micro, f.share_ppm, f.payable, f.price_micro, f.cnt_micro, f.amount_fen,
    f.counter_unit, f.counter_limit_micro, f.counter_take_micro, f.counter_mark, f.channel, f.counter_no
FROM counted_line AS f
JOIN queue AS q ON q.claim_no = f.claim_no AND q.queue_kind = 1
ORDER BY q.queue_no, f.counter_mark, f.feedetl_sn
