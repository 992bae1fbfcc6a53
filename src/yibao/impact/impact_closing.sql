-- grain: law_no, name
-- inputs: sim_amount, sim_law, sim_person, impact_total, impact_fund, impact_person, impact_burden, impact_change, impact_catastrophic, impact_split, impact_side
-- params: -
-- source: docs/internals/simulate.md: every total of a result table beside the one it must equal, worked out from the amounts given
WITH given AS (
    SELECT
        law_no, count(*) AS settlements,
        sum(hifp) + sum(hifob) + sum(hifmi) + sum(maf) + sum(cvlserv) + sum(oth) AS fund,
        sum(acct) + sum(cash) AS burden
    FROM sim_amount
    GROUP BY law_no
),
pair AS (
    SELECT
        s.law_no,
        sum(g.fund * (1 - s.is_after)) AS fund_before, sum(g.fund * s.is_after) AS fund_after,
        sum(g.burden * (1 - s.is_after)) AS burden_before, sum(g.burden * s.is_after) AS burden_after
    FROM impact_side AS s
    JOIN given AS g ON g.law_no = s.from_law
    GROUP BY s.law_no
),
cells AS (
    SELECT law_no, sum(fund_before) AS fund_before, sum(fund_after) AS fund_after,
        sum(burden_before) AS burden_before, sum(burden_after) AS burden_after,
        sum(hifp_after + hifob_after + hifmi_after + maf_after + cvlserv_after + oth_after) AS layers_after
    FROM impact_fund
    GROUP BY law_no
),
people AS (
    SELECT law_no, count(*) AS people, sum(fund_before) AS fund_before, sum(fund_after) AS fund_after,
        sum(burden_before) AS burden_before, sum(burden_after) AS burden_after, sum(above_after) AS above_after
    FROM impact_person
    GROUP BY law_no
),
groups_of AS (
    SELECT law_no, dimension, sum(people) AS people, sum(members) AS members, sum(burden_before) AS burden_before,
        sum(burden_after) AS burden_after
    FROM impact_burden
    GROUP BY law_no, dimension
),
bands AS (
    SELECT law_no, sum(CASE WHEN side <> 'no_claim' THEN people ELSE 0 END) AS people, sum(change) AS change
    FROM impact_change
    GROUP BY law_no
),
above AS (
    SELECT law_no, sum(people) AS people, sum(above_after) AS above_after
    FROM impact_catastrophic
    GROUP BY law_no
),
parts AS (
    SELECT
        law_no,
        sum(CASE WHEN part <> 'whole' THEN fund ELSE 0 END) AS fund,
        sum(CASE WHEN part <> 'whole' THEN burden ELSE 0 END) AS burden,
        sum(CASE WHEN part = 'single' THEN 1 ELSE 0 END) AS singles,
        sum(CASE WHEN part = 'interaction' THEN abs(fund) + abs(burden) ELSE 0 END) AS residual
    FROM impact_split
    GROUP BY law_no
),
everybody AS (
    SELECT count(*) AS members FROM sim_person
),
closing AS (
    SELECT t.law_no, 'settlements' AS name, t.settlements AS one, g.settlements AS other
    FROM impact_total AS t JOIN given AS g ON g.law_no = t.law_no
    UNION ALL
    SELECT law_no, 'identities' AS name, apart AS one, 0 AS other FROM impact_total
    UNION ALL
    SELECT t.law_no, 'fund' AS name, t.fund AS one, g.fund AS other
    FROM impact_total AS t JOIN given AS g ON g.law_no = t.law_no
    UNION ALL
    SELECT law_no, 'fee' AS name, fund + burden AS one, fee AS other FROM impact_total
    UNION ALL
    SELECT c.law_no, 'cell_fund_before' AS name, c.fund_before AS one, p.fund_before AS other
    FROM cells AS c JOIN pair AS p ON p.law_no = c.law_no
    UNION ALL
    SELECT c.law_no, 'cell_fund_after' AS name, c.fund_after AS one, p.fund_after AS other
    FROM cells AS c JOIN pair AS p ON p.law_no = c.law_no
    UNION ALL
    SELECT c.law_no, 'cell_burden_after' AS name, c.burden_after AS one, p.burden_after AS other
    FROM cells AS c JOIN pair AS p ON p.law_no = c.law_no
    UNION ALL
    SELECT c.law_no, 'cell_layers' AS name, c.layers_after AS one, p.fund_after AS other
    FROM cells AS c JOIN pair AS p ON p.law_no = c.law_no
    UNION ALL
    SELECT q.law_no, 'person_fund_before' AS name, q.fund_before AS one, p.fund_before AS other
    FROM people AS q JOIN pair AS p ON p.law_no = q.law_no
    UNION ALL
    SELECT q.law_no, 'person_fund_after' AS name, q.fund_after AS one, p.fund_after AS other
    FROM people AS q JOIN pair AS p ON p.law_no = q.law_no
    UNION ALL
    SELECT q.law_no, 'person_burden_before' AS name, q.burden_before AS one, p.burden_before AS other
    FROM people AS q JOIN pair AS p ON p.law_no = q.law_no
    UNION ALL
    SELECT q.law_no, 'person_burden_after' AS name, q.burden_after AS one, p.burden_after AS other
    FROM people AS q JOIN pair AS p ON p.law_no = q.law_no
    UNION ALL
    SELECT d.law_no, 'burden_before_' || d.dimension AS name, d.burden_before AS one, p.burden_before AS other
    FROM groups_of AS d JOIN pair AS p ON p.law_no = d.law_no
    UNION ALL
    SELECT d.law_no, 'burden_after_' || d.dimension AS name, d.burden_after AS one, p.burden_after AS other
    FROM groups_of AS d JOIN pair AS p ON p.law_no = d.law_no
    UNION ALL
    SELECT d.law_no, 'people_' || d.dimension AS name, d.people AS one, q.people AS other
    FROM groups_of AS d JOIN people AS q ON q.law_no = d.law_no
    WHERE d.dimension <> 'level'
    UNION ALL
    SELECT d.law_no, 'members_' || d.dimension AS name, d.members AS one, e.members AS other
    FROM groups_of AS d JOIN everybody AS e ON e.members >= 0
    WHERE d.dimension IN ('age', 'identity', 'insutype')
    UNION ALL
    SELECT b.law_no, 'change' AS name, b.change AS one, p.burden_after - p.burden_before AS other
    FROM bands AS b JOIN pair AS p ON p.law_no = b.law_no
    UNION ALL
    SELECT b.law_no, 'change_people' AS name, b.people AS one, q.people AS other
    FROM bands AS b JOIN people AS q ON q.law_no = b.law_no
    UNION ALL
    SELECT a.law_no, 'catastrophic_people' AS name, a.people AS one, q.people AS other
    FROM above AS a JOIN people AS q ON q.law_no = a.law_no
    UNION ALL
    SELECT a.law_no, 'catastrophic_above' AS name, a.above_after AS one, q.above_after AS other
    FROM above AS a JOIN people AS q ON q.law_no = a.law_no
    UNION ALL
    SELECT s.law_no, 'split_fund' AS name, s.fund AS one, p.fund_after - p.fund_before AS other
    FROM parts AS s JOIN pair AS p ON p.law_no = s.law_no
    UNION ALL
    SELECT s.law_no, 'split_burden' AS name, s.burden AS one, p.burden_after - p.burden_before AS other
    FROM parts AS s JOIN pair AS p ON p.law_no = s.law_no
    UNION ALL
    SELECT s.law_no, 'split_alone' AS name, s.residual AS one, 0 AS other
    FROM parts AS s
    WHERE s.singles = 1
)
SELECT law_no, name, CAST(coalesce(one, 0) AS BIGINT) AS one, CAST(coalesce(other, 0) AS BIGINT) AS other
FROM closing
