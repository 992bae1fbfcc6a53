-- grain: law_no, is_after
-- inputs: sim_law
-- params: -
-- source: docs/internals/simulate.md: a reform is compared with law 0, whatever claims either has
SELECT law_no, 0 AS from_law, 0 AS is_after FROM sim_law WHERE role = 'reform'
UNION ALL
SELECT law_no, law_no AS from_law, 1 AS is_after FROM sim_law WHERE role = 'reform'
