-- grain: claim_no
-- inputs: claim_day
-- params: -
-- source: RULEBOOK §2.1 (1): entitlement is asked for on the day whose law counts
-- note: a day is asked for once for each claim; cover answers it once
SELECT claim_no, psn_no, law_day AS day
FROM claim_day
WHERE refd_setl_flag <> '1'
