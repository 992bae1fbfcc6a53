-- grain: case_no
-- inputs: due_bound, due_exact, share
-- params: -
-- source: RULEBOOK 4b.7 and DIP_REGIMES A.9: what the pool owes for a case; where the fund is shared exactly (pool ratio), due is the share and Σ due is the fund
-- note: fen; due_exact holds the few cases that the bounds leave open; plain_due is what the case would have been owed without its special review, for 追加金额
SELECT
    b.case_no,
    coalesce(x.standard, b.standard) AS standard,
    coalesce(s.pay, x.due, b.due) AS due,
    CASE
        WHEN b.plain_due IS NULL THEN coalesce(s.pay, x.due, b.due)
        ELSE coalesce(x.plain_due, b.plain_due)
    END AS plain_due
FROM due_bound AS b
LEFT JOIN due_exact AS x ON x.case_no = b.case_no
LEFT JOIN share AS s ON s.case_no = b.case_no
