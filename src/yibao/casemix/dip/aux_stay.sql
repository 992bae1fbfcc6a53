-- grain: case_no
-- inputs: assigned, stay, aux_scope
-- params: first_year
-- source: DIP 3.0 draft ch.5 s.2: auxiliary types apply to core groups; the cases of the groups looked at
-- note: aux_scope numbers the groups (group_no) and gives the fee in fen that high cost is measured by (base_fee)
SELECT
    s.case_no,
    g.group_no,
    g.base_fee,
    s.fee,
    s.gross_fee,
    s.dx,
    s.dscg_way,
    s.stay_days,
    s.age,
    s.nwb_age_days,
    s.nwb_adm_wt,
    s.icu_days,
    s.drug_fee,
    s.trt_fee
FROM assigned AS a
JOIN aux_scope AS g ON g.dip_code = a.dip_code
JOIN stay AS s ON s.case_no = a.case_no
WHERE a.dip_type = 'core' AND s.dscg_year >= $first_year
