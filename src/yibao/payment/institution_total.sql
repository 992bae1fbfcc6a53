-- grain: fund_type, fixmedins_code
-- inputs: payee
-- params: -
-- source: DIP_REGIMES A.9.2: ratio_level institution: the reimbursement ratio of an institution's own cases insured here
-- note: fen, net of excluded fees
SELECT
    fund_type,
    fixmedins_code,
    CAST(sum(booked) AS BIGINT) AS booked,
    CAST(sum(fee) AS BIGINT) AS fee
FROM payee
WHERE scope = 'local'
GROUP BY fund_type, fixmedins_code
