-- grain: setl_id, feedetl_sn
-- inputs: fee_lines, response_claim
-- params: suffix
-- source: docs/internals/simulate.md: the lines of the claims that people make under the reform
SELECT
    f.setl_id, f.feedetl_sn, f.fee_ocur_time, f.med_list_codg, f.cnt, f.pric, f.det_item_fee_sumamt,
    f.bilg_dr_codg, f.prd_days, f.sin_dos_dscr, f.rxno, f.init_feedetl_sn, f.src_file, f.src_row
FROM fee_lines AS f
LEFT JOIN response_claim AS r ON r.setl_id = f.setl_id
WHERE coalesce(r.copies, 1) > 0
UNION ALL
SELECT
    f.setl_id || $suffix AS setl_id, f.feedetl_sn, f.fee_ocur_time, f.med_list_codg, f.cnt, f.pric,
    f.det_item_fee_sumamt, f.bilg_dr_codg, f.prd_days, f.sin_dos_dscr, CASE WHEN f.rxno <> '' THEN f.rxno ||
    $suffix ELSE f.rxno END AS rxno, f.init_feedetl_sn, f.src_file, f.src_row
FROM fee_lines AS f
JOIN response_claim AS r ON r.setl_id = f.setl_id
WHERE r.copies = 2
