-- grain: side, line_no, field
-- inputs: open_line
-- source: docs/reconcile.md: the amounts of what is open, one a row; the field n counts the row itself
SELECT side, line_no, 0 AS seq, 'n' AS field, CAST(1 AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 1 AS seq, 'medfee_sumamt' AS field, CAST(medfee_sumamt AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 2 AS seq, 'fund_pay_sumamt' AS field, CAST(fund_pay_sumamt AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 3 AS seq, 'hifp_pay' AS field, CAST(hifp_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 4 AS seq, 'hifmi_pay' AS field, CAST(hifmi_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 5 AS seq, 'hifob_pay' AS field, CAST(hifob_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 6 AS seq, 'maf_pay' AS field, CAST(maf_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 7 AS seq, 'cvlserv_pay' AS field, CAST(cvlserv_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 8 AS seq, 'oth_pay' AS field, CAST(oth_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 9 AS seq, 'acct_pay' AS field, CAST(acct_pay AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 10 AS seq, 'psn_part_amt' AS field, CAST(psn_part_amt AS BIGINT) AS fen FROM open_line
UNION ALL
SELECT side, line_no, 11 AS seq, 'psn_cash_pay' AS field, CAST(psn_cash_pay AS BIGINT) AS fen FROM open_line
