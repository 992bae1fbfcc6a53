-- grain: trim_key
-- inputs: assigned, case_main
-- params: low_permille, high_permille, trim_min, by_group
-- source: DIP 3.0 draft ch.5 s.4: percentiles 2.5 / 97.5 of historical cost (linear, type 7), inside groups of at least trim_min cases or over all
-- note: bounds are in fen × 1000 so that the comparison is exact; trim_key is the group, or '' for one bound over all. Equal fees are interchangeable, so the order among them does not matter
WITH keyed AS (
    SELECT CASE WHEN $by_group = 1 THEN a.dip_code ELSE '' END AS trim_key, m.fee
    FROM assigned AS a
    JOIN case_main AS m ON m.case_no = a.case_no
    WHERE a.dip_type <> 'ungrouped'
),
sized AS (
    SELECT trim_key, count(*) - 1 AS last FROM keyed GROUP BY trim_key HAVING count(*) >= $trim_min
),
ranked AS (
    SELECT k.trim_key, k.fee, s.last, row_number() OVER (PARTITION BY k.trim_key ORDER BY k.fee) - 1 AS nth
    FROM keyed AS k
    JOIN sized AS s ON s.trim_key = k.trim_key
),
placed AS (
    SELECT
        trim_key,
        idiv(last * $low_permille, 1000) AS lo_at,
        last * $low_permille - idiv(last * $low_permille, 1000) * 1000 AS lo_part,
        idiv(last * $high_permille, 1000) AS hi_at,
        last * $high_permille - idiv(last * $high_permille, 1000) * 1000 AS hi_part
    FROM sized
)
SELECT
    p.trim_key,
    sum(CASE WHEN r.nth = p.lo_at THEN r.fee * (1000 - p.lo_part)
        WHEN r.nth = p.lo_at + 1 THEN r.fee * p.lo_part ELSE 0 END) AS low,
    sum(CASE WHEN r.nth = p.hi_at THEN r.fee * (1000 - p.hi_part)
        WHEN r.nth = p.hi_at + 1 THEN r.fee * p.hi_part ELSE 0 END) AS high
FROM placed AS p
JOIN ranked AS r ON r.trim_key = p.trim_key
GROUP BY p.trim_key
