-- grain: law_no
-- inputs: impact_cell, sim_law
-- params: -
-- source: docs/internals/simulate.md: what each law comes to
SELECT
    l.law_no,
    CAST(coalesce(sum(c.settlements), 0) AS BIGINT) AS settlements,
    CAST(coalesce(sum(c.claims), 0) AS BIGINT) AS claims,
    CAST(coalesce(sum(c.apart), 0) AS BIGINT) AS apart,
    CAST(coalesce(sum(c.fee), 0) AS BIGINT) AS fee,
    CAST(coalesce(sum(c.own), 0) AS BIGINT) AS own,
    CAST(coalesce(sum(c.over_limit), 0) AS BIGINT) AS over_limit,
    CAST(coalesce(sum(c.preself), 0) AS BIGINT) AS preself,
    CAST(coalesce(sum(c.in_scope), 0) AS BIGINT) AS in_scope,
    CAST(coalesce(sum(c.hifp), 0) AS BIGINT) AS hifp,
    CAST(coalesce(sum(c.hifob), 0) AS BIGINT) AS hifob,
    CAST(coalesce(sum(c.hifmi), 0) AS BIGINT) AS hifmi,
    CAST(coalesce(sum(c.maf), 0) AS BIGINT) AS maf,
    CAST(coalesce(sum(c.cvlserv), 0) AS BIGINT) AS cvlserv,
    CAST(coalesce(sum(c.oth), 0) AS BIGINT) AS oth,
    CAST(coalesce(sum(c.fund), 0) AS BIGINT) AS fund,
    CAST(coalesce(sum(c.burden), 0) AS BIGINT) AS burden,
    CAST(coalesce(sum(c.acct), 0) AS BIGINT) AS acct,
    CAST(coalesce(sum(c.mulaid), 0) AS BIGINT) AS mulaid,
    CAST(coalesce(sum(c.cash), 0) AS BIGINT) AS cash
FROM sim_law AS l
LEFT JOIN impact_cell AS c ON c.law_no = l.law_no
WHERE l.role IN ('base', 'reform')
GROUP BY l.law_no
