-- grain: fund_type
-- inputs: payee
-- params: -
-- source: DIP_REGIMES A.8: the reimbursement ratio is the booked amount over the fee of the DIP cases; only cases insured here count
-- note: fen and 10⁻⁴ 分; booked and fee are net of excluded fees, which are paid by item
SELECT
    fund_type,
    count(*) AS cases,
    CAST(sum(booked) AS BIGINT) AS booked,
    CAST(sum(fee) AS BIGINT) AS fee,
    CAST(sum(excluded_due) AS BIGINT) AS excluded_due,
    CAST(sum(points) AS BIGINT) AS points
FROM payee
WHERE scope = 'local'
GROUP BY fund_type
