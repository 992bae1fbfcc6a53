-- grain: setl_id
-- inputs: claims, response_claim
-- params: suffix
-- source: docs/internals/simulate.md: the claims that people make under the reform: those that go are left out, those that move are at their new institution, a second one has its own ids
-- note: without rows of response_claim the claims as they are; fees stay those of the visit
SELECT
    c.setl_id, c.mdtrt_id, c.psn_no, c.insutype, coalesce(r.to_fixmedins_code, c.fixmedins_code) AS
    fixmedins_code, c.med_type, c.setl_time, c.begndate, c.enddate, c.diag_codes, c.dise_codg,
    c.medfee_sumamt, c.refd_setl_flag, c.init_setl_id, c.rxno, c.er_flag, c.refl_no, c.dr_codg, c.psn_setlway,
    c.src_file, c.src_row
FROM claims AS c
LEFT JOIN response_claim AS r ON r.setl_id = c.setl_id
WHERE coalesce(r.copies, 1) > 0
UNION ALL
SELECT
    c.setl_id || $suffix AS setl_id, CASE WHEN c.mdtrt_id <> '' THEN c.mdtrt_id || $suffix ELSE c.mdtrt_id END
    AS mdtrt_id, c.psn_no, c.insutype, coalesce(r.to_fixmedins_code, c.fixmedins_code) AS fixmedins_code,
    c.med_type, c.setl_time, c.begndate, c.enddate, c.diag_codes, c.dise_codg, c.medfee_sumamt,
    c.refd_setl_flag, c.init_setl_id, CASE WHEN c.rxno <> '' THEN c.rxno || $suffix ELSE c.rxno END AS rxno,
    c.er_flag, c.refl_no, c.dr_codg, c.psn_setlway, c.src_file, c.src_row
FROM claims AS c
JOIN response_claim AS r ON r.setl_id = c.setl_id
WHERE r.copies = 2
