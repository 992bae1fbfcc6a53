-- grain: setl_id
-- inputs: cases
-- params: -
-- source: 医疗保障基金结算清单: the columns of a stay that grouping reads; the first diagnosis is the principal one
SELECT
    setl_id,
    fixmedins_code,
    coalesce(hosp_lv, '') AS hosp_lv,
    dscg_date,
    year(dscg_date) AS dscg_year,
    age,
    nwb_age_days,
    nwb_adm_wt,
    split_part(diag_codes, '|', 1) AS diag_main,
    medfee_sumamt
FROM cases
