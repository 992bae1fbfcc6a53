-- grain: dx, px, related
-- inputs: related_key, related_order, case_related, case_main, rule_hit, core_key
-- params: -
-- source: DIP 3.0 draft ch.3: a core group has n ≥ T, counted after cases have moved; a case with several related codes goes to the first in the order of ties
-- note: n counts the cases that would go to the group (0 where none), n_rest those that would stay in the group it was split from
WITH own AS (
    SELECT k.dx, k.px, k.related, o.related_code, o.nth
    FROM related_key AS k
    JOIN related_order AS o ON o.related_code = k.dx || '-' || k.px || '-' || k.related
),
first_code AS (
    SELECT x.case_no, min(o.nth) AS nth
    FROM case_related AS x
    JOIN own AS o ON o.dx = x.dx4 AND o.px = x.px AND o.related = x.oprn_code
    JOIN case_main AS m ON m.case_no = x.case_no
    LEFT JOIN rule_hit AS r ON r.case_no = x.case_no
    WHERE r.case_no IS NULL AND m.dx_barred = ''
    GROUP BY x.case_no
),
moved AS (
    SELECT nth, count(*) AS n FROM first_code GROUP BY nth
),
counted AS (
    SELECT o.dx, o.px, o.related, o.related_code, o.nth, coalesce(m.n, 0) AS n
    FROM own AS o
    LEFT JOIN moved AS m ON m.nth = o.nth
),
left_over AS (
    SELECT c.dx, c.px, max(k.n) - CAST(sum(c.n) AS BIGINT) AS n_rest
    FROM counted AS c
    JOIN core_key AS k ON k.dx = c.dx AND k.px = c.px
    GROUP BY c.dx, c.px
)
SELECT c.dx, c.px, c.related, c.related_code, c.nth, c.n, l.n_rest
FROM counted AS c
JOIN left_over AS l ON l.dx = c.dx AND l.px = c.px
