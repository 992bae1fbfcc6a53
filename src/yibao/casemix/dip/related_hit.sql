-- grain: case_no
-- inputs: case_main, case_related, dip_group, related_part, related_rank
-- params: subset
-- source: DIP 3.0 draft ch.3 related match: the group with the most matched related procedures; a tie is settled by the local rule dip.related.tie, given as a rank
-- note: subset=1: all related codes of the group must be present in the case; 0: they merely count (overlap)
WITH matched AS (
    SELECT x.case_no, p.dip_code, count(*) AS n_matched, max(p.n_codes) AS n_codes
    FROM case_related AS x
    JOIN dip_group AS g ON g.dx = x.dx4 AND g.px = x.px AND g.scope = 'related'
    JOIN related_part AS p ON p.dip_code = g.dip_code AND p.oprn_code = x.oprn_code
    GROUP BY x.case_no, p.dip_code
),
ranked AS (
    SELECT
        m.case_no,
        m.dip_code,
        row_number() OVER (PARTITION BY m.case_no ORDER BY m.n_matched DESC, r.nth, m.dip_code) AS nth
    FROM matched AS m
    JOIN related_rank AS r ON r.dip_code = m.dip_code
    WHERE $subset = 0 OR m.n_matched = m.n_codes
)
SELECT case_no, dip_code FROM ranked WHERE nth = 1
