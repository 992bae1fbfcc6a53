-- grain: item, kind, side, line_no, field
-- inputs: verdict, open_line, open_amount
-- source: docs/reconcile.md: what each difference moves in which total, so that every total closes to the fen
-- note: a pair that differs in amount and in day is two movements: the difference where ours stands, and the rest from
-- note: the one day to the other
WITH coupled AS (
    SELECT o.item, o.line_no AS ours_no, t.line_no AS theirs_no,
        CASE
            WHEN a.day IS DISTINCT FROM b.day THEN 'other_day'
            WHEN a.cell <> b.cell THEN 'other_class'
            ELSE ''
        END AS moved
    FROM verdict AS o
    JOIN verdict AS t ON t.item = o.item AND t.side = 'theirs'
    JOIN open_line AS a ON a.side = 'ours' AND a.line_no = o.line_no
    JOIN open_line AS b ON b.side = 'theirs' AND b.line_no = t.line_no
    WHERE o.side = 'ours' AND o.kind IN ('amount', 'other_day', 'other_class')
),
move AS (
    SELECT c.item, 'amount' AS kind, 'ours' AS side, c.ours_no AS line_no, a.field, a.fen - b.fen AS fen
    FROM coupled AS c
    JOIN open_amount AS a ON a.side = 'ours' AND a.line_no = c.ours_no
    JOIN open_amount AS b ON b.side = 'theirs' AND b.line_no = c.theirs_no AND b.field = a.field
    WHERE a.fen <> b.fen
    UNION ALL
    SELECT c.item, c.moved AS kind, 'ours' AS side, c.ours_no AS line_no, b.field, b.fen
    FROM coupled AS c
    JOIN open_amount AS b ON b.side = 'theirs' AND b.line_no = c.theirs_no
    WHERE c.moved <> ''
    UNION ALL
    SELECT c.item, c.moved AS kind, 'theirs' AS side, c.theirs_no AS line_no, b.field, -b.fen AS fen
    FROM coupled AS c
    JOIN open_amount AS b ON b.side = 'theirs' AND b.line_no = c.theirs_no
    WHERE c.moved <> ''
    UNION ALL
    SELECT v.item, v.kind, v.side, v.line_no, a.field, CASE WHEN v.side = 'ours' THEN a.fen ELSE -a.fen END AS fen
    FROM verdict AS v
    JOIN open_amount AS a ON a.side = v.side AND a.line_no = v.line_no
    WHERE v.kind NOT IN ('amount', 'other_day', 'other_class', 'same', 'linked')
)
SELECT m.item, m.kind, m.side, m.line_no, l.day, l.fixmedins_code, l.insutype, l.clr_type, m.field, m.fen
FROM move AS m
JOIN open_line AS l ON l.side = m.side AND l.line_no = m.line_no
