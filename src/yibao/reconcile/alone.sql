-- grain: ours_no, theirs_no
-- inputs: open_line, taken, ours_line, theirs_line
-- params: visits
-- source: docs/reconcile.md, step 2, the last rung: amounts and day that stand once in either file whole
WITH bare AS (
    SELECT l.*
    FROM open_line AS l
    LEFT JOIN taken AS k ON k.side = l.side AND k.line_no = l.line_no
    WHERE k.line_no IS NULL AND l.day IS NOT NULL AND l.amounts <> l.negated
),
sought AS (
    SELECT DISTINCT back, day, fixmedins_code, amounts, medfee_sumamt, fund_pay_sumamt, hifp_pay, hifmi_pay, hifob_pay,
        maf_pay, cvlserv_pay, oth_pay, acct_pay, psn_part_amt, psn_cash_pay
    FROM bare
    WHERE psn_no_form IS NULL AND setl_id_form IS NULL
),
held AS (
    SELECT 'ours' AS side, s.back, s.day, s.fixmedins_code, s.amounts, l.line_no
    FROM sought AS s
    JOIN ours_line AS l ON l.back = s.back AND l.day = s.day AND l.fixmedins_code = s.fixmedins_code
        AND l.medfee_sumamt = s.medfee_sumamt AND l.fund_pay_sumamt = s.fund_pay_sumamt AND l.hifp_pay = s.hifp_pay
        AND l.hifmi_pay = s.hifmi_pay AND l.hifob_pay = s.hifob_pay AND l.maf_pay = s.maf_pay
        AND l.cvlserv_pay = s.cvlserv_pay AND l.oth_pay = s.oth_pay AND l.acct_pay = s.acct_pay
        AND l.psn_part_amt = s.psn_part_amt AND l.psn_cash_pay = s.psn_cash_pay
    WHERE l.sound
    UNION ALL
    SELECT 'theirs' AS side, s.back, s.day, s.fixmedins_code, s.amounts, l.line_no
    FROM sought AS s
    JOIN theirs_line AS l ON l.back = s.back AND l.day = s.day AND l.fixmedins_code = s.fixmedins_code
        AND l.medfee_sumamt = s.medfee_sumamt AND l.fund_pay_sumamt = s.fund_pay_sumamt AND l.hifp_pay = s.hifp_pay
        AND l.hifmi_pay = s.hifmi_pay AND l.hifob_pay = s.hifob_pay AND l.maf_pay = s.maf_pay
        AND l.cvlserv_pay = s.cvlserv_pay AND l.oth_pay = s.oth_pay AND l.acct_pay = s.acct_pay
        AND l.psn_part_amt = s.psn_part_amt AND l.psn_cash_pay = s.psn_cash_pay
    WHERE l.sound
),
once AS (
    SELECT back, day, fixmedins_code, amounts,
        min(CASE WHEN side = 'ours' THEN line_no END) AS ours_no,
        min(CASE WHEN side = 'theirs' THEN line_no END) AS theirs_no
    FROM held
    GROUP BY back, day, fixmedins_code, amounts
    HAVING sum(CASE WHEN side = 'ours' THEN 1 ELSE 0 END) = 1 AND sum(CASE WHEN side = 'theirs' THEN 1 ELSE 0 END) = 1
)
SELECT e.ours_no, e.theirs_no, 'amount_day' AS rung, 1 AS among
FROM once AS e
JOIN bare AS o ON o.side = 'ours' AND o.line_no = e.ours_no
JOIN bare AS t ON t.side = 'theirs' AND t.line_no = e.theirs_no
WHERE (o.psn_no_form IS NULL OR t.psn_no_form IS NULL)
    AND (o.setl_id_form IS NULL OR t.setl_id_form IS NULL)
    AND ($visits = 0 OR o.mdtrt_id_form IS NULL OR t.mdtrt_id_form IS NULL OR o.mdtrt_id_form = t.mdtrt_id_form)
