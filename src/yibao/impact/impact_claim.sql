-- grain: law_no, claim_no
-- inputs: sim_amount, sim_law
-- params: -
-- source: docs/internals/simulate.md: claims that both laws have and that the patient pays otherwise, from which examples are taken
SELECT
    r.law_no,
    r.claim_no,
    (r.acct + r.cash) - (b.acct + b.cash) AS change
FROM sim_amount AS r
JOIN sim_law AS l ON l.law_no = r.law_no AND l.role = 'reform'
JOIN sim_amount AS b ON b.claim_no = r.claim_no AND b.law_no = 0
WHERE r.acct + r.cash <> b.acct + b.cash AND r.outcome NOT IN ('reversed', 'adjusted')
