-- grain: law_no, insutype
-- inputs: impact_fund, sim_contribution, sim_balance
-- params: -
-- source: docs/internals/simulate.md: the basic fund of an insurance: contributions, what it pays (hifp), the balance, and how many months of the mean month the balance pays (可支付月数)
-- note: balance is at the end of the year under law 0; after is that with the change of contributions and of spending; months are tenths, half up, NULL without a balance, without spending or below zero; contributions are NULL where none are given
WITH spent AS (
    SELECT law_no, insutype, sum(hifp_before) AS spent_before, sum(hifp_after) AS spent_after
    FROM impact_fund
    GROUP BY law_no, insutype
),
months AS (
    SELECT count(DISTINCT month) AS months FROM impact_fund
),
paid AS (
    SELECT law_no, insutype, sum(people) AS people, sum(personal) AS personal, sum(subsidy) AS subsidy,
        sum(aided) AS aided
    FROM sim_contribution
    GROUP BY law_no, insutype
),
summed AS (
    SELECT
        s.law_no, s.insutype, m.months,
        CAST(b.personal + b.subsidy + b.aided AS BIGINT) AS paid_before,
        CAST(a.personal + a.subsidy + a.aided AS BIGINT) AS paid_after,
        CAST(b.people AS BIGINT) AS payers_before, CAST(a.people AS BIGINT) AS payers_after,
        CAST(b.personal AS BIGINT) AS personal_before, CAST(a.personal AS BIGINT) AS personal_after,
        CAST(b.subsidy AS BIGINT) AS subsidy_before, CAST(a.subsidy AS BIGINT) AS subsidy_after,
        CAST(b.aided AS BIGINT) AS aided_before, CAST(a.aided AS BIGINT) AS aided_after,
        CAST(s.spent_before AS BIGINT) AS spent_before, CAST(s.spent_after AS BIGINT) AS spent_after,
        CAST(h.balance AS BIGINT) AS balance_before
    FROM spent AS s
    JOIN months AS m ON m.months > 0
    LEFT JOIN paid AS b ON b.law_no = 0 AND b.insutype = s.insutype
    LEFT JOIN paid AS a ON a.law_no = s.law_no AND a.insutype = s.insutype
    LEFT JOIN sim_balance AS h ON h.insutype = s.insutype
),
moved AS (
    SELECT
        *,
        balance_before + coalesce(paid_after - paid_before, 0) - (spent_after - spent_before) AS balance_after
    FROM summed
)
SELECT
    *,
    CASE WHEN balance_before >= 0 AND spent_before > 0 THEN
        idiv(CAST(balance_before AS DECIMAL(38, 0)) * months * 20 + spent_before, 2 * spent_before) END
        AS reserve_before,
    CASE WHEN balance_after >= 0 AND spent_after > 0 THEN
        idiv(CAST(balance_after AS DECIMAL(38, 0)) * months * 20 + spent_after, 2 * spent_after) END
        AS reserve_after
FROM moved
