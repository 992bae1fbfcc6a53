-- grain: side, line_no
-- inputs: verdict, open_line
-- source: docs/reconcile.md: what might be the same settlement and was not taken for it, since nothing proves it
WITH lone AS (
    SELECT l.*
    FROM verdict AS v
    JOIN open_line AS l ON l.side = v.side AND l.line_no = v.line_no
    WHERE v.kind IN ('missing_ours', 'missing_theirs', 'reversed_ours', 'reversed_theirs')
),
keyed AS (
    SELECT 1 AS kin, side, line_no, back || '/' || mdtrt_id_form AS kin_key FROM lone
    UNION ALL
    SELECT 2 AS kin, side, line_no, back || '/' || psn_no_form || '/' || amounts AS kin_key FROM lone
    UNION ALL
    SELECT 3 AS kin, side, line_no, back || '/' || CAST(day AS VARCHAR) || '/' || amounts AS kin_key
    FROM lone
    WHERE psn_no_form IS NULL
    UNION ALL
    SELECT 4 AS kin, side, line_no, back || '/' || CAST(day AS VARCHAR) || '/' || amounts AS kin_key FROM lone
),
tally AS (
    SELECT kin, side, kin_key, count(*) AS n, min(line_no) AS first_no
    FROM keyed
    WHERE kin_key IS NOT NULL
    GROUP BY kin, side, kin_key
),
near AS (
    SELECT k.side, k.line_no, k.kin, t.n, t.first_no
    FROM keyed AS k
    JOIN tally AS t ON t.kin_key = k.kin_key AND t.side <> k.side
        AND t.kin = CASE WHEN k.kin = 3 THEN 4 WHEN k.kin = 4 THEN 3 ELSE k.kin END
    WHERE k.kin_key IS NOT NULL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY side, line_no ORDER BY kin, first_no) AS nth
    FROM near
)
SELECT side, line_no, kin, n, first_no
FROM ranked
WHERE nth = 1
