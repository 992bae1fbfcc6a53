-- grain: law_no, dimension, value
-- inputs: impact_person, impact_person_pair, impact_member, sim_law
-- params: -
-- source: docs/internals/simulate.md: patients' burden by age, identity, insurance, level of care, catastrophic or not
-- note: people are benefit years of people who had a claim under either law (at that level); members are everybody insured, 0 where the dimension is not one of people; catastrophic has no rows without a threshold
WITH had AS (
    SELECT law_no, 'age' AS dimension, age_band AS value, count(*) AS people,
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
    FROM impact_person
    GROUP BY law_no, age_band
    UNION ALL
    SELECT law_no, 'identity' AS dimension, identity AS value, count(*) AS people,
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
    FROM impact_person
    GROUP BY law_no, identity
    UNION ALL
    SELECT law_no, 'insutype' AS dimension, insutype AS value, count(*) AS people,
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
    FROM impact_person
    GROUP BY law_no, insutype
    UNION ALL
    SELECT law_no, 'level' AS dimension, hosp_lv AS value, count(*) AS people,
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
    GROUP BY law_no, hosp_lv
    UNION ALL
    SELECT
        law_no, 'catastrophic' AS dimension,
        CASE WHEN above_before = 1 AND above_after = 1 THEN 'both' WHEN above_before = 1 THEN 'ended'
        WHEN above_after = 1 THEN 'began' ELSE 'neither' END AS value,
        count(*) AS people,
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
    FROM impact_person
    WHERE above_before IS NOT NULL
    GROUP BY law_no, CASE WHEN above_before = 1 AND above_after = 1 THEN 'both' WHEN above_before = 1 THEN 'ended'
        WHEN above_after = 1 THEN 'began' ELSE 'neither' END
),
everybody AS (
    SELECT l.law_no, 'age' AS dimension, m.age_band AS value, count(*) AS members, 0 AS people,
        0 AS claims_before, 0 AS claims_after, 0 AS fee_before, 0 AS fee_after, 0 AS fund_before, 0 AS
        fund_after, 0 AS burden_before, 0 AS burden_after, 0 AS cash_before, 0 AS cash_after
    FROM impact_member AS m
    JOIN sim_law AS l ON l.role = 'reform'
    GROUP BY l.law_no, m.age_band
    UNION ALL
    SELECT l.law_no, 'identity' AS dimension, m.identity AS value, count(*) AS members, 0 AS people,
        0 AS claims_before, 0 AS claims_after, 0 AS fee_before, 0 AS fee_after, 0 AS fund_before, 0 AS
        fund_after, 0 AS burden_before, 0 AS burden_after, 0 AS cash_before, 0 AS cash_after
    FROM impact_member AS m
    JOIN sim_law AS l ON l.role = 'reform'
    GROUP BY l.law_no, m.identity
    UNION ALL
    SELECT l.law_no, 'insutype' AS dimension, m.insutype AS value, count(*) AS members, 0 AS people,
        0 AS claims_before, 0 AS claims_after, 0 AS fee_before, 0 AS fee_after, 0 AS fund_before, 0 AS
        fund_after, 0 AS burden_before, 0 AS burden_after, 0 AS cash_before, 0 AS cash_after
    FROM impact_member AS m
    JOIN sim_law AS l ON l.role = 'reform'
    GROUP BY l.law_no, m.insutype
),
rows_of AS (
    SELECT law_no, dimension, value, 0 AS members, people,
        claims_before, claims_after, fee_before, fee_after, fund_before, fund_after, burden_before,
        burden_after, cash_before, cash_after
    FROM had
    UNION ALL
    SELECT law_no, dimension, value, members, people,
        claims_before, claims_after, fee_before, fee_after, fund_before, fund_after, burden_before,
        burden_after, cash_before, cash_after
    FROM everybody
)
SELECT
    law_no, dimension, value,
    CAST(sum(members) AS BIGINT) AS members,
    CAST(sum(people) AS BIGINT) AS people,
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
FROM rows_of
GROUP BY law_no, dimension, value
