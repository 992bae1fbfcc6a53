-- grain: case_no
-- inputs: pool_case, final_points
-- params: -
-- source: docs/internals/close.md: only cases insured here take a share of their fund
SELECT
    q.case_no,
    q.setl_id,
    q.fund_type,
    f.case_points AS points
FROM pool_case AS q
JOIN final_points AS f ON f.case_no = q.case_no
WHERE q.scope = 'local' AND q.fund_type IS NOT NULL
