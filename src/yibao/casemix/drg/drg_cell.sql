-- grain: fixmedins_code, edition, drg
-- inputs: drg_case
-- params: -
-- source: CHS-DRG 分组与付费技术规范: what a hospital's cases of a DRG cost, last and come to
-- note: fee in fen, exact; cases without a group stand under the empty code; days that are not known are left out
SELECT
    fixmedins_code,
    edition,
    drg,
    count(*) AS cases,
    CAST(sum(fee) AS BIGINT) AS fee,
    avg(CAST(days AS DOUBLE)) AS mean_days,
    CAST(sum(died) AS BIGINT) AS deaths
FROM drg_case
GROUP BY fixmedins_code, edition, drg
