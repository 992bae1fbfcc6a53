-- grain: law_no, psn_no, year
-- inputs: impact_person_pair, impact_member
-- params: threshold
-- source: docs/internals/simulate.md: what a reform does to a person in a benefit year; burden above the threshold is catastrophic
-- note: people who had a claim under either law; above is NULL where no threshold is given
WITH summed AS (
    SELECT
        law_no, psn_no, year,
        CAST(sum(claims_before) AS BIGINT) AS claims_before,
        CAST(sum(claims_after) AS BIGINT) AS claims_after,
        CAST(sum(fee_before) AS BIGINT) AS fee_before,
        CAST(sum(fee_after) AS BIGINT) AS fee_after,
        CAST(sum(fund_before) AS BIGINT) AS fund_before,
        CAST(sum(fund_after) AS BIGINT) AS fund_after,
        CAST(sum(burden_before) AS BIGINT) AS burden_before,
        CAST(sum(burden_after) AS BIGINT) AS burden_after,
        CAST(sum(cash_before) AS BIGINT) AS cash_before,
        CAST(sum(cash_after) AS BIGINT) AS cash_after
    FROM impact_person_pair
    GROUP BY law_no, psn_no, year
)
SELECT
    p.law_no, p.psn_no, p.year,
    coalesce(m.age_band, 'unknown') AS age_band,
    coalesce(m.identity, 'none') AS identity,
    coalesce(m.insutype, '') AS insutype,
    p.claims_before, p.claims_after, p.fee_before, p.fee_after, p.fund_before, p.fund_after, p.burden_before,
    p.burden_after, p.cash_before, p.cash_after,
    p.burden_after - p.burden_before AS change,
    CASE WHEN CAST($threshold AS BIGINT) IS NULL THEN NULL
        WHEN p.burden_before > CAST($threshold AS BIGINT) THEN 1 ELSE 0 END AS above_before,
    CASE WHEN CAST($threshold AS BIGINT) IS NULL THEN NULL
        WHEN p.burden_after > CAST($threshold AS BIGINT) THEN 1 ELSE 0 END AS above_after
FROM summed AS p
LEFT JOIN impact_member AS m ON m.psn_no = p.psn_no
