"""The columns of a priced run as others rely on them: amounts in 元 and points in 分, both exact decimals."""

_MONEY, _POINTS = "CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)", "CAST(0.0001 AS DECIMAL(5, 4)) AS DECIMAL(18, 4)"
PRICED_SQL = f"""
    SELECT g.setl_id, g.fixmedins_code, nullif(g.dip_code, '') AS dip_code, g.dip_type,
        CAST(g.group_points * {_POINTS}) AS group_points,
        CAST(p.deviation_e6 * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(18, 6)) AS deviation,
        CAST(p.case_points * {_POINTS}) AS case_points, CAST(s.pay * {_MONEY}) AS pay
    FROM grouped AS g JOIN case_points AS p ON p.case_no = g.case_no JOIN share AS s ON s.case_no = g.case_no
    ORDER BY g.setl_id"""
HOSPITALS_SQL = f"""
    SELECT fixmedins_code, cases, CAST(case_points * {_POINTS}) AS case_points, CAST(cmi * {_POINTS}) AS cmi,
        CAST(pay * {_MONEY}) AS pay
    FROM hospital ORDER BY fixmedins_code"""
TRAIL_SQL = f"""
    SELECT g.setl_id, g.fixmedins_code, g.hosp_lv, g.dscg_date, m.dx, m.px, m.px_kind, m.dx_barred, a.scope,
        g.dip_code, g.dip_type, CAST(g.group_points * {_POINTS}) AS group_points,
        CAST(p.inst * {_POINTS}) AS coefficient, nullif(g.aux_kind, '') AS aux_kind,
        nullif(g.aux_type, '') AS aux_type, CAST(g.aux * {_POINTS}) AS aux, p.deviation_type, p.standard_basis, p.std_n,
        CAST(p.std_fee * {_MONEY}) AS std_fee, CAST(g.medfee_sumamt * {_MONEY}) AS medfee_sumamt,
        c.diag_codes, c.oprn_codes
    FROM grouped AS g JOIN case_points AS p ON p.case_no = g.case_no JOIN assigned AS a ON a.case_no = g.case_no
    JOIN case_main AS m ON m.case_no = g.case_no JOIN cases AS c ON c.case_no = g.case_no"""
"""What explains a case: its keys, its group, its auxiliary type, its standard; rows in no promised order."""
