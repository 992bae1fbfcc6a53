-- grain: side, line_no
-- inputs: open_line, taken
-- params: by
-- source: docs/reconcile.md, step 4: a settlement and its reversal, both on one side only, that cancel in every amount
WITH keyed AS (
    SELECT l.side, l.line_no, l.back, l.mdtrt_id_form, l.psn_no_form, l.setl_id, l.day, l.cell, l.amounts,
        CASE WHEN l.back = 1 THEN l.negated ELSE l.amounts END || '/' || CASE
            WHEN $by = 'init' AND l.back = 1 THEN l.init_setl_id_form
            WHEN $by = 'init' OR $by = 'setl' THEN l.setl_id_form
            WHEN $by = 'visit' THEN l.mdtrt_id_form
            WHEN $by = 'person' THEN l.psn_no_form
        END AS void_key
    FROM open_line AS l
    LEFT JOIN taken AS k ON k.side = l.side AND k.line_no = l.line_no
    WHERE k.line_no IS NULL AND l.amounts <> l.negated
),
ranked AS (
    SELECT *, count(*) OVER (PARTITION BY side, void_key, back) AS n,
        row_number() OVER (
            PARTITION BY side, void_key, back
            ORDER BY coalesce(mdtrt_id_form, ''), coalesce(day, DATE '1900-01-01'), cell, amounts,
                coalesce(psn_no_form, ''), coalesce(setl_id, ''), line_no
        ) AS nth
    FROM keyed
    WHERE void_key IS NOT NULL
),
couple AS (
    SELECT o.side, o.line_no AS first_no, r.line_no AS back_no
    FROM ranked AS o
    JOIN ranked AS r ON r.side = o.side AND r.void_key = o.void_key AND r.nth = o.nth
    WHERE o.back = 0 AND r.back = 1 AND ($by IN ('init', 'setl') OR (o.n = 1 AND r.n = 1))
)
SELECT side, first_no AS line_no, first_no FROM couple
UNION ALL
SELECT side, back_no AS line_no, first_no FROM couple
