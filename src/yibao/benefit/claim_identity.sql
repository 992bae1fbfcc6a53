-- grain: claim_no
-- inputs: claim_day, identities, identity_rank
-- params: -
-- source: RULEBOOK §1b, §2.6: of several identities on the day the one with the best aid (aid.order)
SELECT c.claim_no, min(r.nth) AS nth
FROM claim_day AS c
JOIN identities AS q
    ON q.psn_no = c.psn_no AND c.law_day >= q.begndate AND (q.enddate IS NULL OR c.law_day <= q.enddate)
JOIN identity_rank AS r ON r.psn_idet_type = q.psn_idet_type
GROUP BY c.claim_no
