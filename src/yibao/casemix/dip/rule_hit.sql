-- grain: case_no
-- inputs: stay, case_main, case_px, case_dx, rule, rule_dx, rule_dx_other, rule_px
-- params: -
-- source: DIP 3.0 draft ch.3: layers 先期, 并项, 诊断辅助 in this order, first hit wins; within a layer the row with the largest AND-set, then the table's own order; any procedure of the case counts
-- note: a rule states its conditions as counts (n_px terms, has_dx, has_dx_other) so that an empty condition always holds
WITH by_px AS (
    SELECT p.case_no, r.rule_id, count(DISTINCT r.term) AS terms
    FROM case_px AS p
    JOIN rule_px AS r ON r.oprn_code = p.oprn_code
    GROUP BY p.case_no, r.rule_id
),
candidate AS (
    SELECT b.case_no, b.rule_id
    FROM by_px AS b
    JOIN rule AS r ON r.rule_id = b.rule_id AND r.n_px = b.terms
    UNION ALL
    SELECT m.case_no, d.rule_id
    FROM (SELECT DISTINCT dx FROM case_main) AS k
    JOIN rule_dx AS d ON substr(k.dx, 1, length(d.prefix)) = d.prefix
    JOIN rule AS r ON r.rule_id = d.rule_id AND r.n_px = 0
    JOIN case_main AS m ON m.dx = k.dx
),
with_dx AS (
    SELECT DISTINCT c.case_no, c.rule_id
    FROM candidate AS c
    JOIN case_main AS m ON m.case_no = c.case_no
    JOIN rule AS r ON r.rule_id = c.rule_id
    LEFT JOIN rule_dx AS d ON d.rule_id = c.rule_id AND substr(m.dx, 1, length(d.prefix)) = d.prefix
    WHERE m.dx_barred = '' AND (r.has_dx = 0 OR d.rule_id IS NOT NULL)
),
with_other AS (
    SELECT DISTINCT w.case_no, w.rule_id
    FROM with_dx AS w
    JOIN rule AS r ON r.rule_id = w.rule_id
    LEFT JOIN case_dx AS x ON x.case_no = w.case_no AND x.seq > 1 AND r.has_dx_other = 1
    LEFT JOIN rule_dx_other AS o ON o.rule_id = w.rule_id AND substr(x.diag_code, 1, length(o.prefix)) = o.prefix
    WHERE r.has_dx_other = 0 OR o.rule_id IS NOT NULL
),
fits AS (
    SELECT
        w.case_no,
        r.dip_code,
        r.layer,
        row_number() OVER (PARTITION BY w.case_no ORDER BY r.layer_rank, r.n_px DESC, r.seq, r.rule_id) AS nth
    FROM with_other AS w
    JOIN rule AS r ON r.rule_id = w.rule_id
    JOIN stay AS c ON c.case_no = w.case_no
    WHERE (r.nwb_age_days_max IS NULL OR c.nwb_age_days <= r.nwb_age_days_max)
        AND (r.nwb_adm_wt_min IS NULL OR c.nwb_adm_wt >= r.nwb_adm_wt_min)
        AND (r.nwb_adm_wt_max IS NULL OR c.nwb_adm_wt <= r.nwb_adm_wt_max)
        AND (r.age_min IS NULL OR c.age >= r.age_min)
        AND (r.age_max IS NULL OR c.age <= r.age_max)
)
SELECT case_no, dip_code, layer FROM fits WHERE nth = 1
