-- grain: law_no, insutype, identity
-- inputs: impact_person, impact_member, sim_law
-- params: threshold
-- source: docs/internals/simulate.md: people whose burden of a benefit year is above the threshold, and by how much
-- note: insured are benefit years with a claim and everybody insured without one; shares are statistics; no rows without a threshold
WITH had AS (
    SELECT
        law_no, insutype, identity, count(*) AS people,
        sum(above_before) AS above_before, sum(above_after) AS above_after,
        sum(CASE WHEN above_before = 0 AND above_after = 1 THEN 1 ELSE 0 END) AS began,
        sum(CASE WHEN above_before = 1 AND above_after = 0 THEN 1 ELSE 0 END) AS ended,
        sum(CASE WHEN above_before = 1 THEN burden_before - CAST($threshold AS BIGINT) ELSE 0 END) AS over_before,
        sum(CASE WHEN above_after = 1 THEN burden_after - CAST($threshold AS BIGINT) ELSE 0 END) AS over_after
    FROM impact_person
    WHERE above_before IS NOT NULL
    GROUP BY law_no, insutype, identity
),
seen AS (
    SELECT p.law_no, m.insutype, m.identity, count(DISTINCT p.psn_no) AS seen
    FROM impact_person AS p
    JOIN impact_member AS m ON m.psn_no = p.psn_no
    GROUP BY p.law_no, m.insutype, m.identity
),
everybody AS (
    SELECT l.law_no, m.insutype, m.identity, count(*) AS members
    FROM impact_member AS m
    JOIN sim_law AS l ON l.role = 'reform'
    WHERE CAST($threshold AS BIGINT) IS NOT NULL
    GROUP BY l.law_no, m.insutype, m.identity
),
keyed AS (
    SELECT law_no, insutype, identity FROM had
    UNION
    SELECT law_no, insutype, identity FROM everybody
),
counted AS (
    SELECT
        k.law_no, k.insutype, k.identity,
        CAST(coalesce(e.members, 0) AS BIGINT) AS members,
        CAST(coalesce(h.people, 0) AS BIGINT) AS people,
        CAST(coalesce(h.people, 0) + coalesce(e.members, 0) - coalesce(s.seen, 0) AS BIGINT) AS insured,
        CAST(coalesce(h.above_before, 0) AS BIGINT) AS above_before,
        CAST(coalesce(h.above_after, 0) AS BIGINT) AS above_after,
        CAST(coalesce(h.began, 0) AS BIGINT) AS began,
        CAST(coalesce(h.ended, 0) AS BIGINT) AS ended,
        CAST(coalesce(h.over_before, 0) AS BIGINT) AS over_before,
        CAST(coalesce(h.over_after, 0) AS BIGINT) AS over_after
    FROM keyed AS k
    LEFT JOIN had AS h ON h.law_no = k.law_no AND h.insutype = k.insutype AND h.identity = k.identity
    LEFT JOIN seen AS s ON s.law_no = k.law_no AND s.insutype = k.insutype AND s.identity = k.identity
    LEFT JOIN everybody AS e ON e.law_no = k.law_no AND e.insutype = k.insutype AND e.identity = k.identity
)
SELECT
    law_no, insutype, identity, members, people, insured, above_before, above_after, began, ended, over_before,
    over_after,
    CAST(above_before AS DOUBLE) / CAST(nullif(insured, 0) AS DOUBLE) AS share_before,
    CAST(above_after AS DOUBLE) / CAST(nullif(insured, 0) AS DOUBLE) AS share_after
FROM counted
