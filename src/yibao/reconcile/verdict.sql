-- grain: item, side, line_no
-- inputs: open_line, paired, split_line, void_line, lost_line
-- params: lead
-- source: docs/reconcile.md: the kinds of difference in their order of precedence
WITH matched AS (
    SELECT p.ours_no, p.theirs_no, p.rung, p.among,
        CASE
            WHEN o.amounts <> t.amounts THEN 'amount'
            WHEN o.day IS DISTINCT FROM t.day THEN 'other_day'
            WHEN o.cell <> t.cell THEN 'other_class'
            WHEN p.rung = 'id_same' OR (p.rung = 'visit_same' AND $lead = 'mdtrt_id') THEN 'same'
            ELSE 'linked'
        END AS kind
    FROM paired AS p
    JOIN open_line AS o ON o.side = 'ours' AND o.line_no = p.ours_no
    JOIN open_line AS t ON t.side = 'theirs' AND t.line_no = p.theirs_no
),
settled AS (
    SELECT 'p/' || CAST(ours_no AS VARCHAR) AS item, kind, rung, among, 'ours' AS side, ours_no AS line_no FROM matched
    UNION ALL
    SELECT 'p/' || CAST(ours_no AS VARCHAR) AS item, kind, rung, among, 'theirs' AS side, theirs_no AS line_no
    FROM matched
    UNION ALL
    SELECT 's/' || split_key AS item, kind, 'sum' AS rung, 1 AS among, side, line_no FROM split_line
    UNION ALL
    SELECT 'v/' || side || '/' || CAST(first_no AS VARCHAR) AS item, 'void_' || side AS kind, 'cancel' AS rung,
        1 AS among, side, line_no
    FROM void_line
),
lone AS (
    SELECT l.side, l.line_no, l.back, l.same_id, l.twins, x.line_no AS lost_no,
        count(*) OVER (PARTITION BY l.side, l.lead_id, l.back) AS n_id,
        row_number() OVER (
            PARTITION BY l.side, l.lead_id, l.back
            ORDER BY coalesce(l.mdtrt_id_form, ''), coalesce(l.day, DATE '1900-01-01'), l.cell, l.amounts,
                coalesce(l.psn_no_form, ''), coalesce(l.setl_id, ''), l.line_no
        ) AS nth_id,
        count(*) OVER (PARTITION BY l.side, l.lead_id, l.back, l.amounts, l.cell) AS n_twin,
        row_number() OVER (PARTITION BY l.side, l.lead_id, l.back, l.amounts, l.cell ORDER BY l.line_no) AS nth_twin
    FROM open_line AS l
    LEFT JOIN settled AS s ON s.side = l.side AND s.line_no = l.line_no
    LEFT JOIN lost_line AS x ON x.side = l.side AND x.line_no = l.line_no
    WHERE s.line_no IS NULL
),
alone AS (
    SELECT side || '/' || CAST(line_no AS VARCHAR) AS item,
        CASE
            WHEN lost_no IS NOT NULL THEN 'rejected_' || CASE WHEN side = 'ours' THEN 'theirs' ELSE 'ours' END
            WHEN $lead = 'setl_id' AND same_id > 1 AND (n_id < same_id OR nth_id > 1) THEN 'doubled_' || side
            WHEN $lead = 'mdtrt_id' AND twins > 1 AND (n_twin < twins OR nth_twin > 1) THEN 'doubled_' || side
            WHEN back = 1 THEN 'reversed_' || side
            WHEN side = 'ours' THEN 'missing_theirs'
            ELSE 'missing_ours'
        END AS kind,
        '' AS rung, 1 AS among, side, line_no
    FROM lone
)
SELECT item, kind, rung, among, side, line_no FROM settled
UNION ALL
SELECT item, kind, rung, among, side, line_no FROM alone
