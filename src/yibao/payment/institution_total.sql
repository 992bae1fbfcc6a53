-- grain: fund_type, fixmedins_code
-- inputs: pool_case, grouped
-- params: -
-- source: DIP_REGIMES A.9.2: ratio_level institution: the reimbursement ratio of an institution's own cases insured here
-- note: fen, net of excluded fees
SELECT
    q.fund_type,
    g.fixmedins_code,
    CAST(sum(q.booked - q.excluded_due) AS BIGINT) AS booked,
    CAST(sum(q.fee - q.excluded) AS BIGINT) AS fee
FROM pool_case AS q
JOIN grouped AS g ON g.case_no = q.case_no
WHERE q.scope = 'local' AND q.fund_type IS NOT NULL
GROUP BY q.fund_type, g.fixmedins_code
