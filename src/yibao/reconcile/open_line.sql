-- grain: side, line_no
-- inputs: formed, ours_line, theirs_line
-- source: docs/reconcile.md, step 2: how often the identifier and the row itself stand on their own side
WITH wanted AS (
    SELECT DISTINCT lead_id FROM formed WHERE lead_id IS NOT NULL
),
held AS (
    SELECT 'ours' AS side, l.lead_id, l.back, count(*) AS same_id
    FROM ours_line AS l
    JOIN wanted AS w ON w.lead_id = l.lead_id
    WHERE l.sound
    GROUP BY l.lead_id, l.back
    UNION ALL
    SELECT 'theirs' AS side, l.lead_id, l.back, count(*) AS same_id
    FROM theirs_line AS l
    JOIN wanted AS w ON w.lead_id = l.lead_id
    WHERE l.sound
    GROUP BY l.lead_id, l.back
)
SELECT f.*, coalesce(h.same_id, 1) AS same_id,
    count(*) OVER (
        PARTITION BY f.side, f.lead_id, f.back, f.amounts, f.cell, coalesce(f.mdtrt_id_form, ''),
            coalesce(f.psn_no_form, '')
    ) AS twins
FROM formed AS f
LEFT JOIN held AS h ON h.side = f.side AND h.lead_id = f.lead_id AND h.back = f.back
