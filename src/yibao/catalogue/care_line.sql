-- grain: setl_id, feedetl_sn
-- inputs: fee_lines, catalogue_span
-- params: -
-- source: RULEBOOK §3b: only items with a limit, a list or a channel of their own ask more than class, share and price limit
WITH asking AS (
    SELECT version_no, med_list_codg, from_day, until_day, list_type, channel, limited
    FROM catalogue_span
    WHERE cls < 3 AND (limited = 1 OR channel > 0 OR list_type IN ('103', '301'))
)
SELECT
    l.setl_id, l.feedetl_sn, a.version_no, l.med_list_codg, CAST(l.fee_ocur_time AS DATE) AS day, l.cnt, l.prd_days,
    l.bilg_dr_codg, l.rxno, l.sin_dos_dscr, a.list_type, a.channel, a.limited
FROM fee_lines AS l
JOIN asking AS a
    ON a.med_list_codg = l.med_list_codg
    AND CAST(l.fee_ocur_time AS DATE) >= a.from_day AND CAST(l.fee_ocur_time AS DATE) <= a.until_day
