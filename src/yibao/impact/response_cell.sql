-- grain: kind, hosp_lv, insutype
-- inputs: response_visit, response_elasticity
-- params: -
-- source: docs/internals/simulate.md: visits change by elasticity × the relative change of the patient's share, half up to a millionth, at most all of them either way
-- note: the fee of the same visits is the same, so the relative change of the share is that of the burden; nothing changes where patients paid nothing before
WITH summed AS (
    SELECT
        kind, hosp_lv, insutype, count(*) AS visits, CAST(sum(fee) AS BIGINT) AS fee,
        CAST(sum(burden_before) AS BIGINT) AS burden_before, CAST(sum(burden_after) AS BIGINT) AS burden_after
    FROM response_visit
    GROUP BY kind, hosp_lv, insutype
),
moved AS (
    SELECT
        s.*,
        coalesce(e.elasticity_ppm, 0) AS elasticity_ppm,
        CAST(coalesce(e.elasticity_ppm, 0) AS DECIMAL(38, 0)) * (s.burden_after - s.burden_before) AS product
    FROM summed AS s
    LEFT JOIN response_elasticity AS e ON e.kind = s.kind AND e.hosp_lv = s.hosp_lv AND e.insutype = s.insutype
),
rounded AS (
    SELECT
        *,
        CASE WHEN burden_before > 0
            THEN idiv(2 * abs(product) + burden_before, 2 * CAST(burden_before AS DECIMAL(38, 0))) ELSE 0 END AS size_ppm
    FROM moved
)
SELECT
    kind, hosp_lv, insutype, visits, fee, burden_before, burden_after, elasticity_ppm,
    CAST(CASE WHEN product < 0 THEN -least(size_ppm, 1000000) ELSE least(size_ppm, 1000000) END AS BIGINT)
        AS change_ppm,
    CASE WHEN size_ppm > 1000000 THEN 1 ELSE 0 END AS cut,
    CAST(burden_before AS DOUBLE) / CAST(nullif(fee, 0) AS DOUBLE) AS share_before,
    CAST(burden_after AS DOUBLE) / CAST(nullif(fee, 0) AS DOUBLE) AS share_after
FROM rounded
