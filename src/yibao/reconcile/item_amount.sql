-- grain: item
-- inputs: verdict, open_amount
-- source: docs/reconcile.md: what each difference comes to on either side
SELECT v.item,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'medfee_sumamt' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_medfee_sumamt,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'fund_pay_sumamt' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_fund_pay_sumamt,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'hifp_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_hifp_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'hifmi_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_hifmi_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'hifob_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_hifob_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'maf_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_maf_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'cvlserv_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_cvlserv_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'oth_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_oth_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'acct_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_acct_pay,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'psn_part_amt' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_psn_part_amt,
    CAST(sum(CASE WHEN v.side = 'ours' AND field = 'psn_cash_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS ours_psn_cash_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'medfee_sumamt' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_medfee_sumamt,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'fund_pay_sumamt' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_fund_pay_sumamt,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'hifp_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_hifp_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'hifmi_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_hifmi_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'hifob_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_hifob_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'maf_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_maf_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'cvlserv_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_cvlserv_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'oth_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_oth_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'acct_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_acct_pay,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'psn_part_amt' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_psn_part_amt,
    CAST(sum(CASE WHEN v.side = 'theirs' AND field = 'psn_cash_pay' THEN fen ELSE 0 END) AS BIGINT)
        AS theirs_psn_cash_pay
FROM verdict AS v
JOIN open_amount AS a ON a.side = v.side AND a.line_no = v.line_no
WHERE v.kind <> 'same'
GROUP BY v.item
