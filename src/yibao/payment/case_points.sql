-- grain: case_no
-- inputs: grouped, standard_fee, level_coefficient, institution_addon, dip_terms
-- params: pv_e4, unit_fee_micro, scale
-- source: RULEBOOK 4b.4-5 (2020 regime: q < 0.5 → points × q, q > 2 → points × (q − 2 + 1), q > 5 also to the panel); DIP 3.0 draft ch.6 (cost below half of the standard at the level is paid at cost, high cost is a flag); 未入组 interim points; DIP_REGIMES A.6.2 coefficient = base + addon, 基层病种 1; 日间手术 and 床日 have no deviation: their points are of the day, not of the stay
-- note: points are 10⁻⁴ 分, thresholds 10⁻², coefficients 10⁻⁴; the one rounding (half up) is at case_points; idiv by 1 is the fast way from 38 digits to a whole number of 64 bits
WITH joined AS (
    SELECT
        g.case_no,
        g.dip_type,
        g.group_points,
        g.medfee_sumamt,
        g.aux,
        CASE
            WHEN g.primary_care = 1 OR g.dip_type = 'ungrouped' THEN 10000
            ELSE coalesce(c.coefficient, 10000) + coalesce(i.addon, 0)
        END AS inst,
        CASE WHEN g.local_kind IN ('day', 'bed_day') THEN 1 ELSE 0 END AS exempt,
        t.low_rule,
        t.high_rule,
        t.low_e2,
        t.high_e2,
        t.extreme_e2,
        t.low_uses_aux,
        t.ungrouped_e4,
        CASE
            WHEN a.n IS NOT NULL THEN 'same_level_last_year'
            WHEN b.n IS NOT NULL THEN 'same_level_all_years'
            WHEN d.n IS NOT NULL THEN 'group'
            ELSE 'none'
        END AS standard_basis,
        CAST(coalesce(a.n, b.n, d.n) AS DECIMAL(38, 0)) AS std_n,
        CAST(coalesce(a.fee, b.fee, d.fee) AS DECIMAL(38, 0)) AS std_fee
    FROM grouped AS g
    JOIN dip_terms AS t ON g.dscg_date >= t.from_day AND g.dscg_date <= t.until_day
    LEFT JOIN level_coefficient AS c
        ON c.hosp_lv = g.hosp_lv AND g.dscg_date >= c.from_day AND g.dscg_date <= c.until_day
    LEFT JOIN institution_addon AS i ON i.fixmedins_code = g.fixmedins_code
    LEFT JOIN standard_fee AS a
        ON a.dip_code = g.dip_code AND a.hosp_lv = g.hosp_lv AND a.dscg_year = g.dscg_year - 1
    LEFT JOIN standard_fee AS b ON b.dip_code = g.dip_code AND b.hosp_lv = g.hosp_lv AND b.dscg_year = 0
    LEFT JOIN standard_fee AS d ON d.dip_code = g.dip_code AND d.hosp_lv = '*' AND d.dscg_year = 0
),
scaled AS (
    SELECT
        j.*,
        CAST(j.medfee_sumamt AS DECIMAL(38, 0)) AS fee,
        CAST($pv_e4 AS DECIMAL(38, 0)) AS pv,
        CAST($unit_fee_micro AS DECIMAL(38, 0)) AS unit_fee,
        CAST($scale AS DECIMAL(38, 0)) AS scale,
        CAST(j.group_points AS DECIMAL(38, 0)) * CAST(j.inst AS DECIMAL(38, 0)) AS weight,
        j.std_n * CAST(j.medfee_sumamt AS DECIMAL(38, 0)) * 100 AS cost_e2,
        CASE WHEN j.low_rule = 'cost_over_standard' OR j.high_rule = 'flag' THEN
            CAST(j.group_points AS DECIMAL(38, 0)) * CAST(j.inst AS DECIMAL(38, 0)) * CAST($pv_e4 AS DECIMAL(38, 0))
            * CAST(CASE WHEN j.low_uses_aux = 1 THEN j.aux ELSE 10000 END AS DECIMAL(38, 0))
        END AS standard_e14
    FROM joined AS j
),
typed AS (
    SELECT
        s.*,
        CASE
            WHEN s.dip_type = 'ungrouped' THEN 'ungrouped'
            WHEN s.exempt = 1 THEN 'exempt'
            WHEN s.low_rule = 'cost_over_mean' AND s.cost_e2 < s.std_fee * s.low_e2 THEN 'low'
            WHEN s.low_rule = 'cost_over_standard'
                AND s.fee * CAST(10000000000000000 AS DECIMAL(38, 0)) < s.standard_e14 * s.low_e2 THEN 'low'
            WHEN s.extreme_e2 IS NOT NULL AND s.cost_e2 > s.std_fee * s.extreme_e2 THEN 'extreme'
            WHEN s.high_rule = 'excess' AND s.cost_e2 > s.std_fee * s.high_e2 THEN 'high'
            WHEN s.high_rule = 'flag'
                AND s.fee * CAST(10000000000000000 AS DECIMAL(38, 0)) >= s.standard_e14 * s.high_e2 THEN 'high'
            WHEN s.standard_basis = 'none' AND s.low_rule = 'cost_over_mean' THEN 'none'
            ELSE 'normal'
        END AS deviation_type
    FROM scaled AS s
),
factor AS (
    SELECT
        t.*,
        CASE
            WHEN t.deviation_type = 'low' AND t.low_rule = 'cost_over_mean' THEN t.fee * t.std_n
            WHEN t.deviation_type IN ('high', 'extreme') AND t.high_rule = 'excess'
                THEN t.fee * t.std_n * 100 - t.std_fee * (t.high_e2 - 100)
            ELSE CAST(1 AS DECIMAL(38, 0))
        END AS dev_num,
        CASE
            WHEN t.deviation_type = 'low' AND t.low_rule = 'cost_over_mean' THEN t.std_fee
            WHEN t.deviation_type IN ('high', 'extreme') AND t.high_rule = 'excess' THEN t.std_fee * 100
            ELSE CAST(1 AS DECIMAL(38, 0))
        END AS dev_den
    FROM typed AS t
)
SELECT
    case_no,
    inst,
    deviation_type,
    standard_basis,
    idiv(std_n, 1) AS std_n,
    idiv(std_fee, 1) AS std_fee,
    CASE
        WHEN deviation_type IN ('normal', 'none', 'exempt', 'ungrouped') THEN CAST(1000000 AS BIGINT)
        WHEN deviation_type = 'low' AND low_rule = 'cost_over_standard'
            THEN idiv(2 * fee * CAST(100000000000000000000 AS DECIMAL(38, 0)) + weight * aux * pv, 2 * weight * aux * pv)
        ELSE idiv(2 * dev_num * 1000000 + dev_den, 2 * dev_den)
    END AS deviation_e6,
    CASE
        WHEN deviation_type = 'ungrouped'
            THEN idiv(2 * fee * scale * ungrouped_e4 * 10000 + unit_fee, 2 * unit_fee)
        WHEN deviation_type IN ('normal', 'none', 'exempt') AND aux = 10000 THEN idiv(2 * group_points * inst + 10000, 20000)
        WHEN deviation_type = 'low' AND low_rule = 'cost_over_standard'
            THEN idiv(2 * fee * 1000000 + pv, 2 * pv)
        ELSE idiv(2 * weight * aux * dev_num + dev_den * 100000000, 2 * dev_den * 100000000)
    END AS case_points
FROM factor
