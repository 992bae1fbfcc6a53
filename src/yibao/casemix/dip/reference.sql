-- grain: dip_code, hosp_lv, dscg_year
-- inputs: measured, dip_group
-- params: -
-- source: DIP 技术规范: mean cost of a group by level and year over the cases left after trimming. RULEBOOK 4b.3: the chapter fallbacks are measured over every case of the chapter and kind, since few reach them
-- note: n, fee: cases measured; n_own, fee_own: the same over the cases assigned to the group; n_all, fee_all: those before trimming
WITH part AS (
    SELECT
        dip_code, chapter, px_rubric, px_kind, hosp_lv, dscg_year,
        sum(kept) AS n, sum(kept * fee) AS fee, count(*) AS n_all, sum(fee) AS fee_all
    FROM measured
    GROUP BY dip_code, chapter, px_rubric, px_kind, hosp_lv, dscg_year
),
own AS (
    SELECT p.dip_code, p.hosp_lv, p.dscg_year, p.n, p.fee, p.n AS n_own, p.fee AS fee_own, p.n_all, p.fee_all
    FROM part AS p
),
lent AS (
    SELECT g.dip_code, p.hosp_lv, p.dscg_year, p.n, p.fee, 0 AS n_own, 0 AS fee_own, 0 AS n_all, 0 AS fee_all
    FROM part AS p
    JOIN dip_group AS g ON g.dx = p.chapter AND g.dip_code <> p.dip_code
        AND ((g.scope = 'rubric' AND g.px = p.px_rubric) OR (g.scope = 'chapter' AND g.px_kind = p.px_kind))
)
SELECT
    dip_code,
    hosp_lv,
    dscg_year,
    CAST(sum(n) AS BIGINT) AS n,
    CAST(sum(fee) AS BIGINT) AS fee,
    CAST(sum(n_own) AS BIGINT) AS n_own,
    CAST(sum(fee_own) AS BIGINT) AS fee_own,
    CAST(sum(n_all) AS BIGINT) AS n_all,
    CAST(sum(fee_all) AS BIGINT) AS fee_all
FROM (
    SELECT dip_code, hosp_lv, dscg_year, n, fee, n_own, fee_own, n_all, fee_all FROM own
    UNION ALL
    SELECT dip_code, hosp_lv, dscg_year, n, fee, n_own, fee_own, n_all, fee_all FROM lent
) AS every_part
GROUP BY dip_code, hosp_lv, dscg_year
