-- grain: case_no
-- inputs: grouped, case_points, special_decision, excluded_case
-- params: addon_k_e4, unit_fee_micro, scale, keep_better
-- source: DIP_REGIMES A.9.2: each case in exactly one bucket, a passed special review first; A.4 新药新技术加成 = fee ÷ unit fee × scale × k; A.14 special wins over low and high
-- note: points 10⁻⁴; addon_k_e4 is 0 unless listed fees add points (mode add_on); a granted case is paid by its review alone, without add-on, or with keep_better by the group's rule where that gives more
WITH listed AS (
    SELECT
        g.case_no,
        g.dip_type,
        g.local_kind,
        g.primary_care,
        g.aux,
        p.case_points AS own_points,
        s.points AS review_points,
        CASE
            WHEN e.excluded IS NULL OR $addon_k_e4 = 0 THEN CAST(0 AS BIGINT)
            ELSE idiv(
                2 * CAST(e.excluded AS DECIMAL(38, 0)) * $scale * $addon_k_e4 * 10000 + $unit_fee_micro,
                2 * CAST($unit_fee_micro AS DECIMAL(38, 0))
            )
        END AS added
    FROM grouped AS g
    JOIN case_points AS p ON p.case_no = g.case_no
    LEFT JOIN special_decision AS s ON s.case_no = g.case_no AND s.outcome = 'granted'
    LEFT JOIN excluded_case AS e ON e.case_no = g.case_no
)
SELECT
    case_no,
    CASE
        WHEN review_points IS NOT NULL THEN 'special'
        WHEN local_kind IN ('bed_day', 'day', 'tcm') THEN local_kind
        WHEN primary_care = 1 THEN 'primary'
        WHEN aux <> 10000 THEN 'aux'
        WHEN dip_type IN ('core', 'composite', 'ungrouped') THEN dip_type
        ELSE 'other'
    END AS bucket,
    CASE
        WHEN review_points IS NULL THEN own_points + added
        WHEN $keep_better = 1 THEN greatest(review_points, own_points + added)
        ELSE review_points
    END AS case_points,
    CASE
        WHEN review_points IS NULL OR ($keep_better = 1 AND own_points + added > review_points) THEN added
        ELSE CAST(0 AS BIGINT)
    END AS addon_points,
    own_points + added AS plain_points
FROM listed
