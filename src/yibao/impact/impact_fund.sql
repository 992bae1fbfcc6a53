-- grain: law_no, insutype, hosp_lv, kind, month
-- inputs: impact_cell, impact_side
-- params: -
-- source: docs/internals/simulate.md: fund spending under law 0 and under each reform; a cell that only one of them has is there with zeros
SELECT
    s.law_no, c.insutype, c.hosp_lv, c.kind, c.month,
    CAST(sum(c.claims * (1 - s.is_after)) AS BIGINT) AS claims_before,
    CAST(sum(c.claims * s.is_after) AS BIGINT) AS claims_after,
    CAST(sum(c.fee * (1 - s.is_after)) AS BIGINT) AS fee_before,
    CAST(sum(c.fee * s.is_after) AS BIGINT) AS fee_after,
    CAST(sum(c.fund * (1 - s.is_after)) AS BIGINT) AS fund_before,
    CAST(sum(c.fund * s.is_after) AS BIGINT) AS fund_after,
    CAST(sum(c.hifp * (1 - s.is_after)) AS BIGINT) AS hifp_before,
    CAST(sum(c.hifp * s.is_after) AS BIGINT) AS hifp_after,
    CAST(sum(c.hifob * (1 - s.is_after)) AS BIGINT) AS hifob_before,
    CAST(sum(c.hifob * s.is_after) AS BIGINT) AS hifob_after,
    CAST(sum(c.hifmi * (1 - s.is_after)) AS BIGINT) AS hifmi_before,
    CAST(sum(c.hifmi * s.is_after) AS BIGINT) AS hifmi_after,
    CAST(sum(c.maf * (1 - s.is_after)) AS BIGINT) AS maf_before,
    CAST(sum(c.maf * s.is_after) AS BIGINT) AS maf_after,
    CAST(sum(c.cvlserv * (1 - s.is_after)) AS BIGINT) AS cvlserv_before,
    CAST(sum(c.cvlserv * s.is_after) AS BIGINT) AS cvlserv_after,
    CAST(sum(c.oth * (1 - s.is_after)) AS BIGINT) AS oth_before,
    CAST(sum(c.oth * s.is_after) AS BIGINT) AS oth_after,
    CAST(sum(c.burden * (1 - s.is_after)) AS BIGINT) AS burden_before,
    CAST(sum(c.burden * s.is_after) AS BIGINT) AS burden_after,
    CAST(sum(c.acct * (1 - s.is_after)) AS BIGINT) AS acct_before,
    CAST(sum(c.acct * s.is_after) AS BIGINT) AS acct_after,
    CAST(sum(c.cash * (1 - s.is_after)) AS BIGINT) AS cash_before,
    CAST(sum(c.cash * s.is_after) AS BIGINT) AS cash_after
FROM impact_side AS s
JOIN impact_cell AS c ON c.law_no = s.from_law
GROUP BY s.law_no, c.insutype, c.hosp_lv, c.kind, c.month
