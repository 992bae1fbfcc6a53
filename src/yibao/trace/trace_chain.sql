-- grain: code, seq
-- inputs: trace_event, trace_broken
-- params: -
-- source: RULEBOOK §15: the chain of events of every code with a finding, its evidence
WITH broken AS (
    SELECT DISTINCT code FROM trace_broken
)
SELECT
    e.code, e.seq, e.infno, e.inv_chg_type, e.fixmedins_code, e.ocur_time, e.med_list_codg, e.trdn_flag, e.units,
    e.setl_id, e.psn_no, e.rtal_docno, e.feedetl_sn, e.fund_fen, e.upld_sn, e.upld_time
FROM trace_event AS e
JOIN broken AS b ON b.code = e.code
