-- grain: fund_type
-- inputs: pool_case, final_points
-- params: -
-- source: DIP_REGIMES A.8: the reimbursement ratio is the booked amount over the fee of the DIP cases; only cases insured here count
-- note: fen and 10⁻⁴ 分; booked and fee are net of excluded fees, which are paid by item
SELECT
    q.fund_type,
    count(*) AS cases,
    CAST(sum(q.booked - q.excluded_due) AS BIGINT) AS booked,
    CAST(sum(q.fee - q.excluded) AS BIGINT) AS fee,
    CAST(sum(q.excluded_due) AS BIGINT) AS excluded_due,
    CAST(sum(f.case_points) AS BIGINT) AS points
FROM pool_case AS q
JOIN final_points AS f ON f.case_no = q.case_no
WHERE q.scope = 'local' AND q.fund_type IS NOT NULL
GROUP BY q.fund_type
