-- grain: setl_id, feedetl_sn
-- inputs: care_line, claims, providers, special_approvals
-- params: -
-- source: RULEBOOK §3b: 特药 needs 认定, the named hospital or pharmacy and the responsible doctor (定医院、医师、药店)
-- note: 10 another doctor, 11 another institution, 12 not approved; of several approvals the one that fits best counts
WITH asked AS (
    SELECT
        l.setl_id, l.feedetl_sn, l.med_list_codg, l.day,
        c.psn_no, c.fixmedins_code, coalesce(l.bilg_dr_codg, c.dr_codg) AS dr_codg,
        CASE WHEN c.med_type = '41' OR p.fixmedins_type = '2' THEN 1 ELSE 0 END AS pharmacy
    FROM care_line AS l
    JOIN claims AS c ON c.setl_id = l.setl_id
    LEFT JOIN providers AS p ON p.fixmedins_code = c.fixmedins_code
    WHERE l.channel = 1
),
judged AS (
    SELECT
        q.setl_id, q.feedetl_sn,
        min(CASE
            WHEN a.psn_no IS NULL THEN 12
            WHEN q.pharmacy = 1 AND a.phac_code <> q.fixmedins_code THEN 11
            WHEN q.pharmacy = 0 AND a.fixmedins_code <> q.fixmedins_code THEN 11
            WHEN a.dr_codg <> coalesce(q.dr_codg, '') THEN 10
            ELSE 0
        END) AS reason
    FROM asked AS q
    LEFT JOIN special_approvals AS a
        ON a.psn_no = q.psn_no AND a.med_list_codg = q.med_list_codg AND q.day >= a.begndate
        AND q.day <= coalesce(a.enddate, DATE '9999-12-31')
    GROUP BY q.setl_id, q.feedetl_sn
)
SELECT setl_id, feedetl_sn, reason FROM judged WHERE reason > 0
