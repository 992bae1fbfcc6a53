-- grain: case_no
-- inputs: assigned, case_main, trim_bound
-- params: by_group
-- source: DIP 3.0 draft ch.5 s.4: which cases count towards a mean after trimming (bounds inclusive)
SELECT
    a.case_no,
    a.dip_code,
    m.chapter,
    m.px_rubric,
    m.px_kind,
    m.hosp_lv,
    m.dscg_year,
    m.fee,
    CASE WHEN t.trim_key IS NULL OR (m.fee * 1000 >= t.low AND m.fee * 1000 <= t.high) THEN 1 ELSE 0 END AS kept
FROM assigned AS a
JOIN case_main AS m ON m.case_no = a.case_no
LEFT JOIN trim_bound AS t ON t.trim_key = CASE WHEN $by_group = 1 THEN a.dip_code ELSE '' END
WHERE a.dip_type <> 'ungrouped'
