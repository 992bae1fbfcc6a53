-- grain: dx, limit_no
-- inputs: limit_line, limit_row, limit_dx, nth_code
-- params: -
-- source: RULEBOOK §3b: 限定诊断 by prefix or range of categories; any diagnosis of the settlement counts
-- note: dx is the settlement's whole list, as different lists are fewer than settlements; nth_code counts from 1 to the length of the longest
WITH asked AS (
    SELECT DISTINCT x.dx, r.limit_no
    FROM limit_line AS x
    JOIN limit_row AS r ON r.version_no = x.version_no
    WHERE r.has_dx = 1 AND x.dx IS NOT NULL
),
lists AS (
    SELECT DISTINCT dx FROM asked
),
codes AS (
    SELECT DISTINCT s.dx, split_part(s.dx, '|', k.n + 1) AS code
    FROM lists AS s
    JOIN nth_code AS k ON k.n <= length(s.dx) - length(replace(s.dx, '|', ''))
),
parts AS (
    SELECT DISTINCT low, high FROM limit_dx
),
hits AS (
    SELECT c.code, p.low, p.high
    FROM (SELECT DISTINCT code FROM codes) AS c
    JOIN parts AS p ON substr(c.code, 1, length(p.low)) >= p.low AND substr(c.code, 1, length(p.low)) <= p.high
)
SELECT DISTINCT a.dx, a.limit_no
FROM asked AS a
JOIN codes AS c ON c.dx = a.dx
JOIN limit_dx AS d ON d.limit_no = a.limit_no
JOIN hits AS h ON h.code = c.code AND h.low = d.low AND h.high = d.high
