-- grain: law_no, psn_no, year, hosp_lv
-- inputs: impact_person_level, impact_side
-- params: -
-- source: docs/internals/simulate.md: a person's benefit year under law 0 beside that under each reform
SELECT
    s.law_no, c.psn_no, c.year, c.hosp_lv,
    CAST(sum(c.claims * (1 - s.is_after)) AS BIGINT) AS claims_before,
    CAST(sum(c.claims * s.is_after) AS BIGINT) AS claims_after,
    CAST(sum(c.fee * (1 - s.is_after)) AS BIGINT) AS fee_before,
    CAST(sum(c.fee * s.is_after) AS BIGINT) AS fee_after,
    CAST(sum(c.fund * (1 - s.is_after)) AS BIGINT) AS fund_before,
    CAST(sum(c.fund * s.is_after) AS BIGINT) AS fund_after,
    CAST(sum(c.burden * (1 - s.is_after)) AS BIGINT) AS burden_before,
    CAST(sum(c.burden * s.is_after) AS BIGINT) AS burden_after,
    CAST(sum(c.cash * (1 - s.is_after)) AS BIGINT) AS cash_before,
    CAST(sum(c.cash * s.is_after) AS BIGINT) AS cash_after
FROM impact_side AS s
JOIN impact_person_level AS c ON c.law_no = s.from_law
GROUP BY s.law_no, c.psn_no, c.year, c.hosp_lv
