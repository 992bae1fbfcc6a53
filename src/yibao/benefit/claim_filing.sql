-- grain: claim_no
-- inputs: claim_day, offsite_filings
-- params: -
-- source: RULEBOOK §2.10: filed before discharge counts as filed; of several filings the best stands
-- note: only claims outside the city; 1 resident, 2 emergency, 3 referral, 4 filed_late
SELECT
    c.claim_no,
    min(CASE q.offsite_kind WHEN 'resident' THEN 1 WHEN 'emergency' THEN 2 WHEN 'referral' THEN 3 ELSE 4 END) AS filing
FROM claim_day AS c
JOIN offsite_filings AS q
    ON q.psn_no = c.psn_no AND c.end_day >= q.begndate AND (q.enddate IS NULL OR c.begn_day <= q.enddate)
WHERE c.region <> 'city'
GROUP BY c.claim_no
