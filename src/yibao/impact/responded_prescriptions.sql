-- grain: rxno, med_list_codg
-- inputs: prescriptions, claims, fee_lines, response_claim
-- params: suffix
-- source: docs/internals/simulate.md: a second visit has a second prescription, else it would find the first one used up
WITH twice AS (
    SELECT c.rxno FROM claims AS c JOIN response_claim AS r ON r.setl_id = c.setl_id
    WHERE r.copies = 2 AND c.rxno <> ''
    UNION
    SELECT f.rxno FROM fee_lines AS f JOIN response_claim AS r ON r.setl_id = f.setl_id
    WHERE r.copies = 2 AND f.rxno <> ''
)
SELECT
    p.rxno, p.med_list_codg, p.psn_no, p.fixmedins_code, p.dr_codg, p.rx_time, p.cnt, p.sin_dos_dscr,
    p.vali_days, p.rx_kind, p.rx_state, p.src_file, p.src_row
FROM prescriptions AS p
UNION ALL
SELECT
    p.rxno || $suffix AS rxno, p.med_list_codg, p.psn_no, p.fixmedins_code, p.dr_codg, p.rx_time, p.cnt,
    p.sin_dos_dscr, p.vali_days, p.rx_kind, p.rx_state, p.src_file, p.src_row
FROM prescriptions AS p
JOIN twice AS t ON t.rxno = p.rxno
