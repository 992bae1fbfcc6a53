-- grain: psn_no, day
-- inputs: claim_day
-- params: -
-- source: RULEBOOK §2.1 (1): entitlement is asked for on the day whose law counts
SELECT DISTINCT psn_no, law_day AS day
FROM claim_day
WHERE refd_setl_flag <> '1'
