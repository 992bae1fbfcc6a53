-- grain: side, day, fixmedins_code, insutype, clr_type, field
-- inputs: ours_line, theirs_line
-- source: docs/reconcile.md: what each side comes to on a day, by institution, insurance and kind of clearing
-- note: the field n counts rows, the others are fen
WITH ours AS (
    SELECT 'ours' AS side, day, fixmedins_code, insutype, clr_type, count(*) AS n,
        CAST(sum(medfee_sumamt) AS BIGINT) AS medfee_sumamt,
        CAST(sum(fund_pay_sumamt) AS BIGINT) AS fund_pay_sumamt,
        CAST(sum(hifp_pay) AS BIGINT) AS hifp_pay,
        CAST(sum(hifmi_pay) AS BIGINT) AS hifmi_pay,
        CAST(sum(hifob_pay) AS BIGINT) AS hifob_pay,
        CAST(sum(maf_pay) AS BIGINT) AS maf_pay,
        CAST(sum(cvlserv_pay) AS BIGINT) AS cvlserv_pay,
        CAST(sum(oth_pay) AS BIGINT) AS oth_pay,
        CAST(sum(acct_pay) AS BIGINT) AS acct_pay,
        CAST(sum(psn_part_amt) AS BIGINT) AS psn_part_amt,
        CAST(sum(psn_cash_pay) AS BIGINT) AS psn_cash_pay
    FROM ours_line
    WHERE sound
    GROUP BY day, fixmedins_code, insutype, clr_type
),
theirs AS (
    SELECT 'theirs' AS side, day, fixmedins_code, insutype, clr_type, count(*) AS n,
        CAST(sum(medfee_sumamt) AS BIGINT) AS medfee_sumamt,
        CAST(sum(fund_pay_sumamt) AS BIGINT) AS fund_pay_sumamt,
        CAST(sum(hifp_pay) AS BIGINT) AS hifp_pay,
        CAST(sum(hifmi_pay) AS BIGINT) AS hifmi_pay,
        CAST(sum(hifob_pay) AS BIGINT) AS hifob_pay,
        CAST(sum(maf_pay) AS BIGINT) AS maf_pay,
        CAST(sum(cvlserv_pay) AS BIGINT) AS cvlserv_pay,
        CAST(sum(oth_pay) AS BIGINT) AS oth_pay,
        CAST(sum(acct_pay) AS BIGINT) AS acct_pay,
        CAST(sum(psn_part_amt) AS BIGINT) AS psn_part_amt,
        CAST(sum(psn_cash_pay) AS BIGINT) AS psn_cash_pay
    FROM theirs_line
    WHERE sound
    GROUP BY day, fixmedins_code, insutype, clr_type
),
wide AS (
    SELECT * FROM ours
    UNION ALL
    SELECT * FROM theirs
)
SELECT side, day, fixmedins_code, insutype, clr_type, 'n' AS field, n AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'medfee_sumamt' AS field, medfee_sumamt AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'fund_pay_sumamt' AS field, fund_pay_sumamt AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'hifp_pay' AS field, hifp_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'hifmi_pay' AS field, hifmi_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'hifob_pay' AS field, hifob_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'maf_pay' AS field, maf_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'cvlserv_pay' AS field, cvlserv_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'oth_pay' AS field, oth_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'acct_pay' AS field, acct_pay AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'psn_part_amt' AS field, psn_part_amt AS fen FROM wide
UNION ALL
SELECT side, day, fixmedins_code, insutype, clr_type, 'psn_cash_pay' AS field, psn_cash_pay AS fen FROM wide
