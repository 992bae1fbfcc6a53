-- grain: case_no
-- inputs: cases
-- params: first_year
-- source: 医疗保障基金结算清单: the columns of a stay that grouping reads; the first diagnosis is the principal one
-- note: case_no numbers the cases of the session, so that later steps join on a whole number; it decides nothing
SELECT
    case_no,
    setl_id,
    fixmedins_code,
    coalesce(hosp_lv, '') AS hosp_lv,
    dscg_date,
    year(dscg_date) AS dscg_year,
    age,
    nwb_age_days,
    nwb_adm_wt,
    split_part(diag_codes, '|', 1) AS dx,
    medfee_sumamt AS fee
FROM cases
WHERE year(dscg_date) >= $first_year
