-- grain: claim_no
-- inputs: response_visit, response_cell, response_shift
-- params: -
-- source: docs/internals/simulate.md: the visits whose number is drawn: those of a cell that changes or of a level that people leave
SELECT v.claim_no, v.setl_id, v.kind, v.hosp_lv, v.offsite, c.change_ppm
FROM response_visit AS v
JOIN response_cell AS c ON c.kind = v.kind AND c.hosp_lv = v.hosp_lv AND c.insutype = v.insutype
WHERE c.change_ppm <> 0
    OR EXISTS (SELECT 1 FROM response_shift AS s WHERE s.kind = v.kind AND s.from_lv = v.hosp_lv)
