-- grain: claim_no
-- inputs: claim_day, chronic_approvals
-- params: -
-- source: RULEBOOK §2.3: 门慢特 by the diseases approved for the person on the day
SELECT DISTINCT c.claim_no
FROM claim_day AS c
JOIN chronic_approvals AS q
    ON q.psn_no = c.psn_no AND q.dise_codg = c.dise_codg
    AND c.law_day >= q.begndate AND (q.enddate IS NULL OR c.law_day <= q.enddate)
WHERE c.dise_codg <> ''
