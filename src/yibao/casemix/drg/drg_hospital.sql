-- grain: fixmedins_code
-- inputs: drg_case, drg_weight
-- params: -
-- source: CHS-DRG 分组与付费技术规范 (能力、效率、安全): CMI, total weight, time and cost consumption index, mortality of low-risk groups
-- note: statistics in floating point over the grouped cases of a hospital; the indices are means of a case's days (fee) over the mean of its DRG in the reference
SELECT
    c.fixmedins_code,
    count(*) AS cases,
    count(DISTINCT c.drg) AS groups,
    sum(w.weight) AS total_weight,
    avg(CAST(w.weight AS DOUBLE)) AS cmi,
    avg(CASE WHEN w.mean_days > 0 THEN CAST(c.days AS DOUBLE) / w.mean_days END) AS time_index,
    avg(CASE WHEN w.mean_fee > 0 THEN CAST(c.fee AS DOUBLE) / w.mean_fee END) AS cost_index,
    CAST(sum(c.died) AS BIGINT) AS deaths,
    CAST(sum(CASE WHEN w.risk = 'low' THEN 1 ELSE 0 END) AS BIGINT) AS low_risk_cases,
    CAST(sum(CASE WHEN w.risk = 'low' THEN c.died ELSE 0 END) AS BIGINT) AS low_risk_deaths
FROM drg_case AS c
JOIN drg_weight AS w ON w.edition = c.edition AND w.drg = c.drg
WHERE c.drg <> ''
GROUP BY c.fixmedins_code
