-- grain: case_no
-- inputs: assigned, stay, catalogue_points, case_local, aux_hit
-- params: -
-- source: RULEBOOK 4b.5: what payment needs of a case: its group and points, its auxiliary type, whether it belongs to the local catalogue
-- note: group_points 10⁻⁴, 0 for a case without a group; aux is the auxiliary coefficient in 10⁻⁴, 10000 where no type applies. A case of the local catalogue has no auxiliary type (DIP 3.0 draft ch.5 s.2); primary_care is 基层病种 (institution coefficient 1)
SELECT
    s.case_no,
    s.setl_id,
    s.fixmedins_code,
    s.hosp_lv,
    s.dscg_date,
    s.dscg_year,
    s.fee AS medfee_sumamt,
    a.dip_code,
    a.dip_type,
    coalesce(l.group_points, c.points, 0) AS group_points,
    CASE WHEN l.case_no IS NULL THEN coalesce(h.aux, 10000) ELSE 10000 END AS aux,
    CASE WHEN l.case_no IS NULL THEN coalesce(h.aux_kind, '') ELSE '' END AS aux_kind,
    CASE WHEN l.case_no IS NULL THEN coalesce(h.aux_type, '') ELSE '' END AS aux_type,
    coalesce(l.primary_care, 0) AS primary_care,
    coalesce(l.local_kind, '') AS local_kind,
    s.stay_days
FROM assigned AS a
JOIN stay AS s ON s.case_no = a.case_no
LEFT JOIN catalogue_points AS c ON c.dip_code = a.dip_code
LEFT JOIN case_local AS l ON l.case_no = a.case_no
LEFT JOIN aux_hit AS h ON h.case_no = a.case_no
