-- grain: setl_id, feedetl_sn
-- inputs: fee_lines, limit_prior
-- params: -
-- source: RULEBOOK §3b line of therapy: the lines of items that others must follow
WITH asked AS (
    SELECT DISTINCT med_list_codg FROM limit_prior
)
SELECT l.setl_id, l.feedetl_sn, l.med_list_codg, CAST(l.fee_ocur_time AS DATE) AS day, l.cnt
FROM fee_lines AS l
JOIN asked AS a ON a.med_list_codg = l.med_list_codg
