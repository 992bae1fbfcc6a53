-- grain: case_no
-- inputs: loaded_cases_numbered, excluded_case, fund_budget
-- params: city_code, taken_out
-- source: S4 二(一) 职工、居民分别编制; DIP_REGIMES A.9 省内异地; docs/internals/close.md: whose money a case is, and what was booked
-- note: fen; fund_type is NULL where no fund has a budget; taken_out is 1 where excluded fees leave the fee (mode exclude); excluded_due is the one rounding (half up); setl_id and the hospital are carried along for the statements that add up by them
WITH paid AS (
    SELECT
        c.case_no,
        c.setl_id,
        c.fixmedins_code,
        b.fund_type,
        CASE
            WHEN coalesce(c.insuplc_admdvs, '') = '' THEN 'local'
            WHEN substr(c.insuplc_admdvs, 1, 4) = substr($city_code, 1, 4) THEN 'local'
            WHEN substr(c.insuplc_admdvs, 1, 2) = substr($city_code, 1, 2) THEN 'offsite'
            ELSE 'outside'
        END AS scope,
        CAST(month(c.dscg_date) AS BIGINT) AS month,
        c.medfee_sumamt AS fee,
        CASE WHEN $taken_out = 1 THEN coalesce(e.excluded, 0) ELSE 0 END AS excluded,
        coalesce(c.hifp_pay, c.fund_pay_sumamt, 0) AS booked,
        coalesce(c.fund_pay_sumamt, c.hifp_pay, 0) AS funds
    FROM loaded_cases_numbered AS c
    LEFT JOIN fund_budget AS b ON b.fund_type = c.insutype
    LEFT JOIN excluded_case AS e ON e.case_no = c.case_no
)
SELECT
    case_no,
    setl_id,
    fixmedins_code,
    fund_type,
    scope,
    month,
    fee,
    CAST(excluded AS BIGINT) AS excluded,
    CASE
        WHEN excluded = 0 THEN CAST(0 AS BIGINT)
        ELSE idiv(2 * CAST(excluded AS DECIMAL(38, 0)) * booked + fee, 2 * CAST(fee AS DECIMAL(38, 0)))
    END AS excluded_due,
    booked,
    funds - booked AS other,
    fee - funds AS patient
FROM paid
