-- grain: case_no
-- inputs: assigned, stay, catalogue_points, local_list
-- params: -
-- source: RULEBOOK 4b.5: what payment needs of a case: its group, the group's points, whether it is a 基层病种 (institution coefficient 1)
-- note: group_points 10⁻⁴, 0 for a case without a group; aux is the auxiliary coefficient in 10⁻⁴ (1 where no auxiliary type applies)
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
    coalesce(c.points, 0) AS group_points,
    10000 AS aux,
    CASE WHEN l.code IS NULL THEN 0 ELSE 1 END AS primary_care
FROM assigned AS a
JOIN stay AS s ON s.case_no = a.case_no
LEFT JOIN catalogue_points AS c ON c.dip_code = a.dip_code
LEFT JOIN local_list AS l ON l.list = 'primary_care' AND l.code = a.dip_code
