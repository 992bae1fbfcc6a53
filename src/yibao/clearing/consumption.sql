-- grain: fixmedins_code
-- inputs: grouped
-- params: -
-- source: DIP 3.0 draft glossary 20, 21 (DIP_REGIMES A.10): time and cost consumption index of a hospital, a statistic
-- note: the mean over its grouped cases of length of stay (fee) over the pool's mean of the case's group
WITH pool AS (
    SELECT
        dip_code,
        avg(CAST(stay_days AS DOUBLE)) AS days,
        avg(CAST(medfee_sumamt AS DOUBLE)) AS fee
    FROM grouped
    WHERE dip_type <> 'ungrouped'
    GROUP BY dip_code
)
SELECT
    g.fixmedins_code,
    count(*) AS cases,
    avg(CASE WHEN p.days > 0 THEN CAST(g.stay_days AS DOUBLE) / p.days END) AS time_index,
    avg(CASE WHEN p.fee > 0 THEN CAST(g.medfee_sumamt AS DOUBLE) / p.fee END) AS cost_index
FROM grouped AS g
JOIN pool AS p ON p.dip_code = g.dip_code
WHERE g.dip_type <> 'ungrouped'
GROUP BY g.fixmedins_code
