-- grain: code, seq
-- inputs: trace_looked, trace_text, trace_kind
-- params: -
-- source: RULEBOOK §15, T9: by time of business, then upload; a record uploaded again counts once
WITH read_rows AS (
    SELECT DISTINCT
        t.code, t.drug_id, k.kind, r.infno, r.inv_chg_type, r.fixmedins_code, r.ocur_time, r.med_list_codg, r.trdn_flag,
        r.units, r.setl_id, r.psn_no, r.feedetl_sn, r.rtal_docno, r.fund_fen, r.upld_sn, r.trac_sn, r.upld_time
    FROM trace_looked AS r
    JOIN trace_text AS t ON t.scanned = r.drug_trac_codg AND t.reason = ''
    JOIN trace_kind AS k ON k.infno = r.infno AND k.inv_chg_type = r.inv_chg_type
    WHERE r.by_code = 1
),
uploads AS (
    SELECT
        *,
        dense_rank() OVER (
            PARTITION BY
                code, kind, infno, inv_chg_type, fixmedins_code, ocur_time, med_list_codg, trdn_flag, units, setl_id,
                psn_no, feedetl_sn, rtal_docno, fund_fen
            ORDER BY upld_time, upld_sn
        ) AS upload
    FROM read_rows
)
SELECT
    u.*,
    CAST(row_number() OVER (
        PARTITION BY u.code
        ORDER BY u.ocur_time, u.upld_sn, u.infno, u.inv_chg_type, u.fixmedins_code, u.setl_id, u.rtal_docno,
            u.feedetl_sn, u.med_list_codg, u.trdn_flag, u.units, u.psn_no, u.fund_fen, u.upld_time, u.trac_sn
    ) AS BIGINT) AS seq,
    CASE WHEN u.setl_id <> '' THEN u.setl_id ELSE u.rtal_docno END AS sale_ref
FROM uploads AS u
WHERE u.upload = 1
