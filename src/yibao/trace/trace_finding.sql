-- grain: kind_no, code, seq, fixmedins_code, setl_id, rtal_docno, feedetl_sn, ocur_time, drug_trac_codg
-- inputs: trace_event, trace_broken, trace_line, trace_refused
-- params: line_kind
-- source: RULEBOOK §15, T1–T9: every violation with the event it contradicts, the fund's money once
WITH of_life AS (
    SELECT
        b.kind_no, e.code, e.seq, e.code AS drug_trac_codg, e.infno, e.fixmedins_code, e.ocur_time, e.med_list_codg,
        e.setl_id, e.psn_no, e.rtal_docno, e.feedetl_sn, e.upld_sn, e.fund_fen,
        CASE WHEN b.counted = 1 THEN e.fund_fen ELSE 0 END AS risk_fen,
        a.seq AS against_seq, a.fixmedins_code AS against_fixmedins_code, a.ocur_time AS against_time,
        a.setl_id AS against_setl_id,
        CASE WHEN a.upld_time > e.upld_time THEN 1 ELSE 0 END AS late,
        CAST(0 AS BIGINT) AS codes
    FROM trace_broken AS b
    JOIN trace_event AS e ON e.code = b.code AND e.seq = b.seq
    LEFT JOIN trace_event AS a ON a.code = b.code AND a.seq = b.against_seq
),
of_lines AS (
    SELECT
        CAST($line_kind AS BIGINT) AS kind_no, code, CAST(0 AS BIGINT) AS seq, code AS drug_trac_codg, '3505' AS infno,
        fixmedins_code, ocur_time, med_list_codg, setl_id, psn_no, rtal_docno, feedetl_sn, '' AS upld_sn,
        CAST(fund_fen AS BIGINT) AS fund_fen, CAST(fund_fen AS BIGINT) AS risk_fen, CAST(NULL AS BIGINT) AS against_seq,
        CAST(NULL AS VARCHAR) AS against_fixmedins_code, nullif(ocur_time, ocur_time) AS against_time,
        CAST(NULL AS VARCHAR) AS against_setl_id, 0 AS late, CAST(codes AS BIGINT) AS codes
    FROM trace_line
),
of_rows AS (
    SELECT DISTINCT
        kind_no, '' AS code, CAST(0 AS BIGINT) AS seq, drug_trac_codg, infno, fixmedins_code, ocur_time, med_list_codg,
        setl_id, psn_no, rtal_docno, feedetl_sn, upld_sn, fund_fen, risk_fen, CAST(NULL AS BIGINT) AS against_seq,
        CAST(NULL AS VARCHAR) AS against_fixmedins_code, nullif(ocur_time, ocur_time) AS against_time,
        CAST(NULL AS VARCHAR) AS against_setl_id, 0 AS late, CAST(0 AS BIGINT) AS codes
    FROM trace_refused
)
SELECT * FROM of_life
UNION ALL
SELECT * FROM of_lines
UNION ALL
SELECT * FROM of_rows
