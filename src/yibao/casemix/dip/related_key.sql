-- grain: dx, px, related
-- inputs: case_main, rule_hit, case_related, core_key
-- params: core_min, increase_num, increase_den
-- source: DIP 3.0 draft ch.3 table 3-3: own group iff mean_with / mean_without - 1 >= the stated increase (10%), compared unrounded; both sides must reach the core threshold
WITH whole AS (
    SELECT m.dx4 AS dx, m.px, count(*) AS n, sum(m.fee) AS fee
    FROM case_main AS m
    JOIN core_key AS k ON k.dx = m.dx4 AND k.px = m.px
    LEFT JOIN rule_hit AS r ON r.case_no = m.case_no
    WHERE r.case_no IS NULL AND m.dx_barred = '' AND m.px <> ''
    GROUP BY m.dx4, m.px
),
with_related AS (
    SELECT x.dx4 AS dx, x.px, x.oprn_code AS related, count(*) AS n, sum(m.fee) AS fee
    FROM case_related AS x
    JOIN case_main AS m ON m.case_no = x.case_no
    LEFT JOIN rule_hit AS r ON r.case_no = x.case_no
    WHERE r.case_no IS NULL AND m.dx_barred = ''
    GROUP BY x.dx4, x.px, x.oprn_code
)
SELECT
    h.dx,
    h.px,
    h.related,
    h.n,
    h.fee
FROM with_related AS h
JOIN whole AS w ON w.dx = h.dx AND w.px = h.px
WHERE h.n >= $core_min
    AND w.n - h.n >= $core_min
    AND CAST(h.fee AS DECIMAL(38, 0)) * CAST(w.n - h.n AS DECIMAL(38, 0)) * CAST($increase_den AS DECIMAL(38, 0))
    >= CAST(w.fee - h.fee AS DECIMAL(38, 0)) * CAST(h.n AS DECIMAL(38, 0))
    * CAST($increase_den + $increase_num AS DECIMAL(38, 0))
