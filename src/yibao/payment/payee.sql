-- grain: case_no
-- inputs: grouped, pool_case, final_points
-- params: -
-- source: docs/internals/close.md: only cases insured here take a share of their fund
SELECT
    g.case_no,
    g.setl_id,
    q.fund_type,
    f.case_points AS points
FROM grouped AS g
JOIN pool_case AS q ON q.case_no = g.case_no
JOIN final_points AS f ON f.case_no = g.case_no
WHERE q.scope = 'local' AND q.fund_type IS NOT NULL
