-- grain: dip_code
-- inputs: assigned, stay
-- params: day_max
-- source: S4 三(二) 日间手术, 基层病种; DIP 3.0 draft ch.3 (基层病种: common in primary institutions, stable cost): what a group was in the history
-- note: n_days counts cases whose days are known, days sums them; n_primary those at level 1; n_day and fee_day stays within day_max days; fee_square is Σ fee², exact
SELECT
    a.dip_code,
    max(a.dip_type) AS dip_type,
    count(*) AS n,
    CAST(sum(s.fee) AS BIGINT) AS fee,
    sum(CAST(s.fee AS DECIMAL(38, 0)) * CAST(s.fee AS DECIMAL(38, 0))) AS fee_square,
    count(s.stay_days) AS n_days,
    CAST(coalesce(sum(s.stay_days), 0) AS BIGINT) AS days,
    CAST(sum(CASE WHEN s.dscg_way = '5' THEN 1 ELSE 0 END) AS BIGINT) AS deaths,
    CAST(sum(CASE WHEN s.hosp_lv = '1' THEN 1 ELSE 0 END) AS BIGINT) AS n_primary,
    CAST(sum(CASE WHEN s.stay_days <= $day_max THEN 1 ELSE 0 END) AS BIGINT) AS n_day,
    CAST(sum(CASE WHEN s.stay_days <= $day_max THEN s.fee ELSE 0 END) AS BIGINT) AS fee_day
FROM assigned AS a
JOIN stay AS s ON s.case_no = a.case_no
WHERE a.dip_type <> 'ungrouped'
GROUP BY a.dip_code
