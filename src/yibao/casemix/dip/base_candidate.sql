-- grain: dip_code
-- inputs: measured, dip_group
-- params: -
-- source: S4 三(一): the base disease has a clear pathway and stable cost: the candidates are operated core groups. Sums are exact so that the choice never hangs on float rounding
SELECT
    m.dip_code,
    max(CASE WHEN g.px_kind = '相关手术' THEN 1 ELSE 0 END) AS operated,
    count(*) AS n,
    sum(m.fee) AS fee,
    sum(CAST(m.fee AS DECIMAL(38, 0)) * CAST(m.fee AS DECIMAL(38, 0))) AS fee_square
FROM measured AS m
JOIN dip_group AS g ON g.dip_code = m.dip_code
WHERE m.kept = 1 AND g.dip_type = 'core'
GROUP BY m.dip_code
