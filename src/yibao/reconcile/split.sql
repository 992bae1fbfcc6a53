-- grain: side, line_no
-- inputs: open_line, open_amount, taken, paired
-- params: by
-- source: docs/reconcile.md, step 3: one settlement here, several there that sum to it in every amount
-- note: looked at are the lines without a partner and those whose partner has other amounts
WITH free AS (
    SELECT l.side, l.line_no
    FROM open_line AS l
    LEFT JOIN taken AS k ON k.side = l.side AND k.line_no = l.line_no
    WHERE k.line_no IS NULL
),
keyed AS (
    SELECT l.side, l.line_no, l.amounts, l.back || '/' || CASE
            WHEN $by = 'setl' THEN l.lead_id
            WHEN $by = 'visit' THEN l.mdtrt_id_form
            WHEN $by = 'person' THEN l.psn_no_form || '/' || CAST(l.day AS VARCHAR)
        END AS split_key
    FROM open_line AS l
    WHERE l.amounts <> l.negated
),
unlike AS (
    SELECT o.line_no AS ours_no, t.line_no AS theirs_no
    FROM paired AS p
    JOIN keyed AS o ON o.side = 'ours' AND o.line_no = p.ours_no
    JOIN keyed AS t ON t.side = 'theirs' AND t.line_no = p.theirs_no
    WHERE o.split_key = t.split_key AND o.amounts <> t.amounts
),
candidate AS (
    SELECT side, line_no FROM free
    UNION ALL
    SELECT 'ours' AS side, ours_no AS line_no FROM unlike
    UNION ALL
    SELECT 'theirs' AS side, theirs_no AS line_no FROM unlike
),
grouped AS (
    SELECT k.split_key, k.side, k.line_no
    FROM candidate AS c
    JOIN keyed AS k ON k.side = c.side AND k.line_no = c.line_no
    WHERE k.split_key IS NOT NULL
),
counted AS (
    SELECT split_key, sum(CASE WHEN side = 'ours' THEN 1 ELSE 0 END) AS n_ours,
        sum(CASE WHEN side = 'theirs' THEN 1 ELSE 0 END) AS n_theirs
    FROM grouped
    GROUP BY split_key
),
right_size AS (
    SELECT g.split_key, g.side, g.line_no, c.n_ours
    FROM grouped AS g
    JOIN counted AS c ON c.split_key = g.split_key
    WHERE (c.n_ours = 1 AND c.n_theirs >= 2) OR (c.n_ours >= 2 AND c.n_theirs = 1)
),
summed AS (
    SELECT r.split_key, a.field, sum(CASE WHEN r.side = 'ours' THEN a.fen ELSE -a.fen END) AS apart
    FROM right_size AS r
    JOIN open_amount AS a ON a.side = r.side AND a.line_no = r.line_no
    WHERE a.field <> 'n'
    GROUP BY r.split_key, a.field
),
equal AS (
    SELECT split_key
    FROM summed
    GROUP BY split_key
    HAVING max(abs(apart)) = 0
)
SELECT r.side, r.line_no, $by || '/' || r.split_key AS split_key,
    CASE WHEN r.n_ours = 1 THEN 'split' ELSE 'merged' END AS kind
FROM right_size AS r
JOIN equal AS e ON e.split_key = r.split_key
