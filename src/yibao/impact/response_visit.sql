-- grain: claim_no
-- inputs: sim_claim, sim_amount, response_skip
-- params: law_no
-- source: docs/internals/simulate.md: visits that people might make otherwise, with what the patient pays under law 0 and under the reform without response
SELECT
    c.claim_no, c.setl_id, coalesce(c.kind, '') AS kind, coalesce(c.hosp_lv, '') AS hosp_lv,
    coalesce(c.insutype, '') AS insutype, c.fixmedins_code, coalesce(c.offsite, 'none') AS offsite, c.medfee AS fee,
    b.acct + b.cash AS burden_before,
    r.acct + r.cash AS burden_after
FROM sim_claim AS c
JOIN sim_amount AS b ON b.claim_no = c.claim_no AND b.law_no = 0
JOIN sim_amount AS r ON r.claim_no = c.claim_no AND r.law_no = $law_no
WHERE b.outcome NOT IN ('reversed', 'adjusted') AND r.outcome NOT IN ('reversed', 'adjusted')
    AND NOT EXISTS (SELECT 1 FROM response_skip AS s WHERE s.setl_id = c.setl_id)
