-- grain: fixmedins_code
-- inputs: case_points, share
-- params: scale
-- source: DIP 3.0 draft glossary 19: CMI = Σ(points × cases) / cases, shown over the scale; cases without a group do not enter it
SELECT
    p.fixmedins_code,
    max(p.hosp_lv) AS hosp_lv,
    count(*) AS cases,
    CAST(sum(p.case_points) AS BIGINT) AS case_points,
    CASE
        WHEN sum(CASE WHEN p.dip_type <> 'ungrouped' THEN 1 ELSE 0 END) = 0 THEN NULL
        ELSE idiv(
            2 * sum(CASE WHEN p.dip_type <> 'ungrouped' THEN p.group_points ELSE 0 END)
            + $scale * sum(CASE WHEN p.dip_type <> 'ungrouped' THEN 1 ELSE 0 END),
            2 * $scale * sum(CASE WHEN p.dip_type <> 'ungrouped' THEN 1 ELSE 0 END)
        )
    END AS cmi,
    CAST(sum(p.medfee_sumamt) AS BIGINT) AS medfee_sumamt,
    CAST(sum(s.pay) AS BIGINT) AS pay
FROM case_points AS p
JOIN share AS s ON s.case_no = p.case_no
GROUP BY p.fixmedins_code
