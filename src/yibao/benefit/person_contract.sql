-- grain: claim_no
-- inputs: claim_day, doctor_contracts
-- params: -
-- source: RULEBOOK §2.3: 家庭医生签约, 有效履约, with any institution of the city on the day
SELECT c.claim_no, max(CASE WHEN q.perform_flag = '1' THEN 2 ELSE 1 END) AS contract
FROM claim_day AS c
JOIN doctor_contracts AS q
    ON q.psn_no = c.psn_no AND c.law_day >= q.begndate AND (q.enddate IS NULL OR c.law_day <= q.enddate)
GROUP BY c.claim_no
