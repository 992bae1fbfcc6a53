-- grain: fixmedins_code
-- inputs: grouped, case_points, share
-- params: scale
-- source: DIP 3.0 draft glossary 19: CMI = Σ(points × cases) / cases, shown over the scale; cases without a group do not enter it
SELECT
    g.fixmedins_code,
    max(g.hosp_lv) AS hosp_lv,
    count(*) AS cases,
    CAST(sum(p.case_points) AS BIGINT) AS case_points,
    CASE
        WHEN sum(CASE WHEN g.dip_type <> 'ungrouped' THEN 1 ELSE 0 END) = 0 THEN NULL
        ELSE idiv(
            2 * sum(CASE WHEN g.dip_type <> 'ungrouped' THEN g.group_points ELSE 0 END)
            + $scale * sum(CASE WHEN g.dip_type <> 'ungrouped' THEN 1 ELSE 0 END),
            2 * $scale * sum(CASE WHEN g.dip_type <> 'ungrouped' THEN 1 ELSE 0 END)
        )
    END AS cmi,
    CAST(sum(g.medfee_sumamt) AS BIGINT) AS medfee_sumamt,
    CAST(sum(s.pay) AS BIGINT) AS pay
FROM grouped AS g
JOIN case_points AS p ON p.case_no = g.case_no
JOIN share AS s ON s.case_no = g.case_no
GROUP BY g.fixmedins_code
