-- grain: fixmedins_code, sale_ref, line_ref
-- inputs: trace_looked, trace_text
-- params: -
-- source: RULEBOOK §15, T7: number of codes = packs sold, where no pack was split
WITH scans AS (
    SELECT DISTINCT
        r.fixmedins_code, r.ocur_time, r.med_list_codg, r.units, r.setl_id, r.psn_no, r.rtal_docno, r.feedetl_sn,
        r.fund_fen,
        CASE WHEN r.setl_id <> '' THEN r.setl_id ELSE r.rtal_docno END AS sale_ref,
        CASE WHEN r.feedetl_sn <> '' THEN r.feedetl_sn ELSE r.med_list_codg END AS line_ref,
        CASE WHEN t.reason = '' THEN t.code ELSE r.drug_trac_codg END AS code
    FROM trace_looked AS r
    JOIN trace_text AS t ON t.scanned = r.drug_trac_codg
    WHERE r.by_line = 1
),
summed AS (
    SELECT
        fixmedins_code, sale_ref, line_ref, count(DISTINCT code) AS codes, min(units) AS fewest, max(units) AS most,
        min(code) AS code, min(ocur_time) AS ocur_time, min(med_list_codg) AS med_list_codg,
        min(setl_id) AS setl_id, min(psn_no) AS psn_no, min(rtal_docno) AS rtal_docno, min(feedetl_sn) AS feedetl_sn,
        sum(fund_fen) AS fund_fen
    FROM scans
    GROUP BY fixmedins_code, sale_ref, line_ref
)
SELECT *
FROM summed
WHERE codes * 1000000 <> most OR fewest <> most
