-- grain: edition, drg
-- inputs: drg_case
-- params: -
-- source: CHS-DRG 分组与付费技术规范: what a DRG's cases cost, last and come to; CV of its cost, a statistic
-- note: fee in fen as a mean in floating point; cases without a group stand under the empty code; days that are not known are left out
SELECT
    edition,
    drg,
    count(*) AS cases,
    avg(CAST(fee AS DOUBLE)) AS mean_fee,
    CAST(coalesce(stddev_pop(CAST(fee AS DOUBLE)), 0) AS DOUBLE) AS sd_fee,
    avg(CAST(days AS DOUBLE)) AS mean_days,
    CAST(sum(died) AS BIGINT) AS deaths
FROM drg_case
GROUP BY edition, drg
