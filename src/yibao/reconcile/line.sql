-- grain: line_no
-- inputs: loaded
-- params: minus
-- source: docs/reconcile.md: one row a settlement or its reversal; a reversal takes away, however its file writes it
-- note: loaded is one side's rows with lead_id, the identifier that both files have; with $minus the file writes
-- note: reversals as negative amounts, so that the flag alone turns no amount round
WITH summed AS (
    SELECT line_no, sound, lead_id, CAST(setl_time AS DATE) AS day, refd_setl_flag,
        coalesce(fixmedins_code, '') AS fixmedins_code, coalesce(insutype, '') AS insutype,
        coalesce(clr_type, '') AS clr_type,
        medfee_sumamt, fund_pay_sumamt, hifp_pay, hifmi_pay, hifob_pay, maf_pay,
        cvlserv_pay, oth_pay, acct_pay, psn_part_amt, psn_cash_pay,
        coalesce(medfee_sumamt, 0)
        + coalesce(fund_pay_sumamt, 0)
        + coalesce(hifp_pay, 0)
        + coalesce(hifmi_pay, 0)
        + coalesce(hifob_pay, 0)
        + coalesce(maf_pay, 0)
        + coalesce(cvlserv_pay, 0)
        + coalesce(oth_pay, 0)
        + coalesce(acct_pay, 0)
        + coalesce(psn_part_amt, 0)
        + coalesce(psn_cash_pay, 0) AS whole
    FROM loaded
),
turned AS (
    SELECT *, CASE WHEN NOT $minus AND refd_setl_flag = '1' AND whole > 0 THEN -1 ELSE 1 END AS factor
    FROM summed
)
SELECT line_no, sound, lead_id, day, fixmedins_code, insutype, clr_type,
    CASE WHEN whole * factor < 0 OR (whole = 0 AND refd_setl_flag = '1') THEN 1 ELSE 0 END AS back,
    coalesce(medfee_sumamt, 0) * factor AS medfee_sumamt,
    coalesce(fund_pay_sumamt, 0) * factor AS fund_pay_sumamt,
    coalesce(hifp_pay, 0) * factor AS hifp_pay,
    coalesce(hifmi_pay, 0) * factor AS hifmi_pay,
    coalesce(hifob_pay, 0) * factor AS hifob_pay,
    coalesce(maf_pay, 0) * factor AS maf_pay,
    coalesce(cvlserv_pay, 0) * factor AS cvlserv_pay,
    coalesce(oth_pay, 0) * factor AS oth_pay,
    coalesce(acct_pay, 0) * factor AS acct_pay,
    coalesce(psn_part_amt, 0) * factor AS psn_part_amt,
    coalesce(psn_cash_pay, 0) * factor AS psn_cash_pay
FROM turned
