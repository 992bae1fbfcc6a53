-- grain: law_no, band_no
-- inputs: impact_person, impact_member, sim_law
-- params: edge1, edge2, edge3, edge4, edge5
-- source: docs/internals/simulate.md: winners pay less in the benefit year, losers more; the edges only choose what is shown
-- note: band 0 is no change, 1 up to the first edge (included), 6 above the last, below zero the same for those who pay less; band 9 is everybody insured without a claim, whom no law touches
WITH banded AS (
    SELECT
        law_no, burden_before, burden_after, change,
        CASE WHEN change < 0 THEN -1 ELSE 1 END * CASE WHEN change = 0 THEN 0 WHEN abs(change) <= $edge1 THEN 1 WHEN abs(change) <= $edge2 THEN 2
            WHEN abs(change) <= $edge3 THEN 3 WHEN abs(change) <= $edge4 THEN 4 WHEN abs(change) <= $edge5 THEN 5
            ELSE 6 END AS band_no
    FROM impact_person
),
seen AS (
    SELECT p.law_no, count(DISTINCT p.psn_no) AS people
    FROM impact_person AS p
    JOIN impact_member AS m ON m.psn_no = p.psn_no
    GROUP BY p.law_no
),
everybody AS (
    SELECT count(*) AS people FROM impact_member
)
SELECT
    law_no,
    CAST(band_no AS INTEGER) AS band_no,
    CASE WHEN band_no < 0 THEN 'winner' WHEN band_no > 0 THEN 'loser' ELSE 'unchanged' END AS side,
    count(*) AS people,
    CAST(sum(burden_before) AS BIGINT) AS burden_before,
    CAST(sum(burden_after) AS BIGINT) AS burden_after,
    CAST(sum(change) AS BIGINT) AS change
FROM banded
GROUP BY law_no, band_no
UNION ALL
SELECT
    l.law_no, 9 AS band_no, 'no_claim' AS side, e.people - coalesce(s.people, 0) AS people,
    CAST(0 AS BIGINT) AS burden_before, CAST(0 AS BIGINT) AS burden_after, CAST(0 AS BIGINT) AS change
FROM sim_law AS l
JOIN everybody AS e ON e.people > 0
LEFT JOIN seen AS s ON s.law_no = l.law_no
WHERE l.role = 'reform'
