-- grain: setl_id, feedetl_sn
-- inputs: care_line, claims, persons, providers, line_net
-- params: -
-- source: RULEBOOK §3b: what a 限定支付 predicate looks at: sex, age on the day, diagnoses, level, insurance, kind of visit
SELECT
    l.setl_id, l.feedetl_sn, l.version_no, l.med_list_codg, l.day,
    coalesce(n.cnt, l.cnt) AS cnt, l.prd_days, c.psn_no, coalesce(c.mdtrt_id, c.setl_id) AS stay,
    p.gend,
    year(l.day) - year(p.brdy)
        - CASE
            WHEN month(l.day) * 100 + day(l.day) < month(p.brdy) * 100 + day(p.brdy) THEN 1
            ELSE 0
        END AS age,
    coalesce(c.insutype, p.insutype) AS insutype, c.med_type, c.dise_codg, h.hosp_lv,
    '|' || c.diag_codes AS dx
FROM care_line AS l
JOIN claims AS c ON c.setl_id = l.setl_id
LEFT JOIN persons AS p ON p.psn_no = c.psn_no
LEFT JOIN providers AS h ON h.fixmedins_code = c.fixmedins_code
LEFT JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
WHERE l.limited = 1 AND coalesce(c.refd_setl_flag, '0') <> '1' AND coalesce(n.kind, 0) = 0
