-- grain: case_no, type_no
-- inputs: aux_value, aux_band
-- params: -
-- source: DIP 3.0 draft ch.5 s.2: the auxiliary types a case has, at most one of each kind, by the bands of the law
-- note: each value of a kind is looked up once; bounds are inclusive, NULL is open; where bands meet the first one holds
WITH asked AS (
    SELECT case_no, group_no, fee, 'cci' AS aux_kind, cci AS v, 0 AS days FROM aux_value WHERE cci > 0
    UNION ALL
    SELECT case_no, group_no, fee, 'severity' AS aux_kind, severity AS v, 0 AS days FROM aux_value WHERE severity > 0
    UNION ALL
    SELECT case_no, group_no, fee, 'tumour' AS aux_kind, tumour AS v, 0 AS days FROM aux_value WHERE tumour > 0
    UNION ALL
    SELECT case_no, group_no, fee, 'age' AS aux_kind, age AS v, age_days AS days FROM aux_value WHERE age >= 0
    UNION ALL
    SELECT case_no, group_no, fee, 'icu' AS aux_kind, icu AS v, 0 AS days FROM aux_value WHERE icu > 0
    UNION ALL
    SELECT case_no, group_no, fee, 'newborn' AS aux_kind, weight AS v, age_days AS days
    FROM aux_value
    WHERE weight >= 0 AND age_days >= 0
),
answered AS (
    SELECT k.aux_kind, k.v, k.days, min(b.type_no) AS type_no
    FROM (SELECT DISTINCT aux_kind, v, days FROM asked) AS k
    JOIN aux_band AS b ON b.aux_kind = k.aux_kind
        AND (b.low IS NULL OR k.v >= b.low) AND (b.high IS NULL OR k.v <= b.high)
        AND (b.day_low IS NULL OR k.days >= b.day_low) AND (b.day_high IS NULL OR k.days <= b.day_high)
    GROUP BY k.aux_kind, k.v, k.days
)
SELECT a.case_no, a.group_no, t.type_no, a.fee
FROM asked AS a
JOIN answered AS t ON t.aux_kind = a.aux_kind AND t.v = a.v AND t.days = a.days
