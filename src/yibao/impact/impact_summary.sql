-- grain: law_no
-- inputs: impact_total, impact_person, impact_member, sim_law
-- params: threshold
-- source: docs/internals/simulate.md: each law in one row; what compares with law 0 is NULL on law 0
WITH had AS (
    SELECT
        law_no, count(*) AS people,
        sum(CASE WHEN change < 0 THEN 1 ELSE 0 END) AS winners, sum(CASE WHEN change > 0 THEN 1 ELSE 0 END) AS losers,
        sum(CASE WHEN change = 0 THEN 1 ELSE 0 END) AS unchanged,
        sum(CASE WHEN change < 0 THEN -change ELSE 0 END) AS won,
        sum(CASE WHEN change > 0 THEN change ELSE 0 END) AS lost,
        sum(above_before) AS above_before, sum(above_after) AS above_after,
        sum(CASE WHEN above_before = 1 THEN burden_before - CAST($threshold AS BIGINT) ELSE 0 END) AS over_before,
        sum(CASE WHEN above_after = 1 THEN burden_after - CAST($threshold AS BIGINT) ELSE 0 END) AS over_after
    FROM impact_person
    GROUP BY law_no
),
first_reform AS (
    SELECT above_before, over_before
    FROM (SELECT above_before, over_before, row_number() OVER (ORDER BY law_no) AS nth FROM had) AS h
    WHERE nth = 1
),
everybody AS (
    SELECT count(*) AS members FROM impact_member
)
SELECT
    l.law_no, l.name, l.role, t.settlements, t.claims, t.fee, t.own, t.over_limit, t.preself, t.in_scope, t.hifp,
    t.hifob, t.hifmi, t.maf, t.cvlserv, t.oth, t.fund, t.burden, t.acct, t.mulaid, t.cash,
    t.fund - b.fund AS fund_change,
    t.burden - b.burden AS burden_change,
    t.fee - b.fee AS fee_change,
    e.members,
    h.people,
    CAST(h.winners AS BIGINT) AS winners, CAST(h.losers AS BIGINT) AS losers, CAST(h.unchanged AS BIGINT) AS unchanged,
    CAST(h.won AS BIGINT) AS won, CAST(h.lost AS BIGINT) AS lost,
    CAST(CASE WHEN l.law_no = 0 THEN f.above_before ELSE h.above_after END AS BIGINT) AS above,
    CAST(CASE WHEN CAST($threshold AS BIGINT) IS NULL THEN NULL WHEN l.law_no = 0 THEN f.over_before
        ELSE h.over_after END AS BIGINT) AS overshoot
FROM impact_total AS t
JOIN sim_law AS l ON l.law_no = t.law_no
JOIN impact_total AS b ON b.law_no = 0
JOIN everybody AS e ON e.members >= 0
LEFT JOIN had AS h ON h.law_no = l.law_no
LEFT JOIN first_reform AS f ON l.law_no = 0
