-- grain: diag_code, mark, category
-- inputs: case_dx, aux_dx
-- params: -
-- source: dip.aux.cci, dip.aux.severe, dip.aux.moderate, dip.aux.tumour_range: what a further diagnosis says of a case, by the prefix of its code
-- note: each code is looked up once; two prefixes of one category on one code: the larger weight
WITH code AS (
    SELECT DISTINCT diag_code FROM case_dx WHERE seq > 1
),
prefix_length AS (
    SELECT DISTINCT length(prefix) AS n FROM aux_dx
),
cut AS (
    SELECT c.diag_code, substr(c.diag_code, 1, p.n) AS prefix
    FROM code AS c
    CROSS JOIN prefix_length AS p
    WHERE length(c.diag_code) >= p.n
)
SELECT c.diag_code, a.mark, a.category, max(a.weight) AS weight
FROM cut AS c
JOIN aux_dx AS a ON a.prefix = c.prefix
GROUP BY c.diag_code, a.mark, a.category
