-- grain: fund_type, fixmedins_code
-- inputs: pool_case
-- params: -
-- source: DIP_REGIMES A.9.2: ratio_level institution: the reimbursement ratio of an institution's own cases insured here
-- note: fen, net of excluded fees
SELECT
    fund_type,
    fixmedins_code,
    CAST(sum(booked - excluded_due) AS BIGINT) AS booked,
    CAST(sum(fee - excluded) AS BIGINT) AS fee
FROM pool_case
WHERE scope = 'local' AND fund_type IS NOT NULL
GROUP BY fund_type, fixmedins_code
