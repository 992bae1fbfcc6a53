-- grain: side, line_no
-- inputs: open_no, ours_line, theirs_line, ours_rows, theirs_rows
-- source: docs/reconcile.md, step 2: what the first step left open, with everything that is known of it
WITH lined AS (
    SELECT n.side, l.*, r.src_file, r.src_row, r.setl_id, r.mdtrt_id, coalesce(r.psn_no, r.certno) AS psn_no,
        r.init_setl_id
    FROM open_no AS n
    JOIN ours_line AS l ON l.line_no = n.line_no
    JOIN ours_rows AS r ON r.line_no = n.line_no
    WHERE n.side = 'ours'
    UNION ALL
    SELECT n.side, l.*, r.src_file, r.src_row, r.setl_id, r.mdtrt_id, coalesce(r.psn_no, r.certno) AS psn_no,
        r.init_setl_id
    FROM open_no AS n
    JOIN theirs_line AS l ON l.line_no = n.line_no
    JOIN theirs_rows AS r ON r.line_no = n.line_no
    WHERE n.side = 'theirs'
)
SELECT *, coalesce(CAST(day AS VARCHAR), '') || '/' || fixmedins_code || '/' || insutype || '/' || clr_type AS cell,
    CAST(medfee_sumamt AS VARCHAR) || '/' ||
        CAST(fund_pay_sumamt AS VARCHAR) || '/' ||
        CAST(hifp_pay AS VARCHAR) || '/' ||
        CAST(hifmi_pay AS VARCHAR) || '/' ||
        CAST(hifob_pay AS VARCHAR) || '/' ||
        CAST(maf_pay AS VARCHAR) || '/' ||
        CAST(cvlserv_pay AS VARCHAR) || '/' ||
        CAST(oth_pay AS VARCHAR) || '/' ||
        CAST(acct_pay AS VARCHAR) || '/' ||
        CAST(psn_part_amt AS VARCHAR) || '/' ||
        CAST(psn_cash_pay AS VARCHAR) AS amounts,
    CAST(-medfee_sumamt AS VARCHAR) || '/' ||
        CAST(-fund_pay_sumamt AS VARCHAR) || '/' ||
        CAST(-hifp_pay AS VARCHAR) || '/' ||
        CAST(-hifmi_pay AS VARCHAR) || '/' ||
        CAST(-hifob_pay AS VARCHAR) || '/' ||
        CAST(-maf_pay AS VARCHAR) || '/' ||
        CAST(-cvlserv_pay AS VARCHAR) || '/' ||
        CAST(-oth_pay AS VARCHAR) || '/' ||
        CAST(-acct_pay AS VARCHAR) || '/' ||
        CAST(-psn_part_amt AS VARCHAR) || '/' ||
        CAST(-psn_cash_pay AS VARCHAR) AS negated
FROM lined
