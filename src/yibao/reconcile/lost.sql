-- grain: side, line_no
-- inputs: open_line, taken, rejected_id
-- source: docs/reconcile.md, step 4: a settlement whose counterpart stands in the other file in a row that was rejected
WITH free AS (
    SELECT l.side, l.line_no, l.setl_id_form, l.mdtrt_id_form
    FROM open_line AS l
    LEFT JOIN taken AS k ON k.side = l.side AND k.line_no = l.line_no
    WHERE k.line_no IS NULL
),
hit AS (
    SELECT f.side, f.line_no, r.src_file, r.src_row
    FROM free AS f
    JOIN rejected_id AS r ON r.side <> f.side AND r.setl_id_form = f.setl_id_form
    UNION ALL
    SELECT f.side, f.line_no, r.src_file, r.src_row
    FROM free AS f
    JOIN rejected_id AS r ON r.side <> f.side AND r.mdtrt_id_form = f.mdtrt_id_form
    WHERE r.setl_id_form IS NULL OR f.setl_id_form IS NULL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY side, line_no ORDER BY src_file, src_row) AS nth
    FROM hit
)
SELECT side, line_no, src_file || '第' || CAST(src_row AS VARCHAR) || '行' AS at_row
FROM ranked
WHERE nth = 1
