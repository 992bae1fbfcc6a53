-- grain: fixmedins_code, insutype, dscg_year, dscg_month
-- inputs: assigned, stay, cases, catalogue_points
-- params: home, elderly_from, child_until
-- source: S4 三(三)、三(四): what a hospital was in the history, for prepayment, monthly budgets and the institution coefficient
-- note: fees in fen, points 10⁻⁴. booked is what the pool booked for those insured here (first four digits of insuplc_admdvs as home, or empty): hifp_pay, else fund_pay_sumamt; another pool's money is not this one's. n_elderly, n_child and tcm_fee are NULL in a year in which no case has an age (a TCM fee): nobody knows them; where others have one, an empty cell is none
WITH known AS (
    SELECT dscg_year, count(age) AS ages, count(tcm_fee) AS tcm_fees FROM stay GROUP BY dscg_year
)
SELECT
    s.fixmedins_code,
    coalesce(c.insutype, '') AS insutype,
    s.dscg_year,
    month(s.dscg_date) AS dscg_month,
    count(*) AS n,
    CAST(sum(CASE WHEN a.dip_type = 'ungrouped' THEN 0 ELSE 1 END) AS BIGINT) AS n_grouped,
    CAST(sum(s.fee) AS BIGINT) AS fee,
    CAST(sum(
        CASE
            WHEN coalesce(c.insuplc_admdvs, '') = '' OR substr(c.insuplc_admdvs, 1, 4) = $home
                THEN coalesce(c.hifp_pay, c.fund_pay_sumamt, 0)
            ELSE 0
        END
    ) AS BIGINT) AS booked,
    CAST(coalesce(sum(p.points), 0) AS BIGINT) AS group_points,
    CAST(coalesce(sum(s.stay_days), 0) AS BIGINT) AS days,
    CAST(sum(CASE WHEN k.ages = 0 THEN NULL WHEN s.age >= $elderly_from THEN 1 ELSE 0 END) AS BIGINT) AS n_elderly,
    CAST(sum(CASE WHEN k.ages = 0 THEN NULL WHEN s.age <= $child_until THEN 1 ELSE 0 END) AS BIGINT) AS n_child,
    CAST(sum(CASE WHEN k.tcm_fees = 0 THEN NULL ELSE coalesce(s.tcm_fee, 0) END) AS BIGINT) AS tcm_fee
FROM stay AS s
JOIN known AS k ON k.dscg_year = s.dscg_year
JOIN assigned AS a ON a.case_no = s.case_no
JOIN cases AS c ON c.case_no = s.case_no
LEFT JOIN catalogue_points AS p ON p.dip_code = a.dip_code
GROUP BY s.fixmedins_code, coalesce(c.insutype, ''), s.dscg_year, month(s.dscg_date)
