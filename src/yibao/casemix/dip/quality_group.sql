-- grain: dip_code
-- inputs: assigned, stay, catalogue_points
-- params: -
-- source: DIP 3.0 draft glossary 13, 19 (CV, CMI) and 组间变异解释 RIV: statistics for people, in floating point
SELECT
    a.dip_code,
    a.dip_type,
    count(*) AS n,
    max(coalesce(c.points, 0)) AS points,
    CAST(avg(CAST(s.fee AS DOUBLE)) AS DOUBLE) AS mean_fee,
    CAST(coalesce(stddev_pop(CAST(s.fee AS DOUBLE)), 0) AS DOUBLE) AS sd_fee
FROM assigned AS a
JOIN stay AS s ON s.case_no = a.case_no
LEFT JOIN catalogue_points AS c ON c.dip_code = a.dip_code
GROUP BY a.dip_code, a.dip_type
