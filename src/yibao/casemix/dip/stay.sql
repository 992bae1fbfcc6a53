-- grain: case_no
-- inputs: cases
-- params: first_year
-- source: 医疗保障基金结算清单: the columns of a stay that grouping reads; the first diagnosis is the principal one
-- note: case_no numbers the cases of the session, so that later steps join on a whole number; it decides nothing. stay_days is the days stated, else discharge less admission, NULL where neither is known. gross_fee is the fee with the excluded items, fee is net of them: the fees by kind hold those items too, so only the gross fee is what they are a part of
SELECT
    case_no,
    setl_id,
    fixmedins_code,
    coalesce(hosp_lv, '') AS hosp_lv,
    dscg_date,
    year(dscg_date) AS dscg_year,
    coalesce(dscg_way, '') AS dscg_way,
    age,
    nwb_age_days,
    nwb_adm_wt,
    CAST(coalesce(act_ipt_days, date_diff('day', adm_date, dscg_date)) AS BIGINT) AS stay_days,
    icu_days,
    split_part(diag_codes, '|', 1) AS dx,
    medfee_sumamt AS fee,
    gross_fee,
    drug_fee,
    trt_fee,
    tcm_fee
FROM cases
WHERE year(dscg_date) >= $first_year
