-- grain: case_no, flag
-- inputs: grouped, stay, cases, readmission, group_fact, catalogue_mean
-- params: low_num, low_den, long_num, long_den, risk_num, risk_den, has_age, has_gend, has_days
-- source: S4 三(一) 违规行为监督个性特征辅助目录; DIP 2020 违规行为监督: 二次入院, 低标入院, 超长住院, 死亡风险, 病案质量. Flags for review: they never change a score
-- note: low cost is under the share of the catalogue's mean at the level, else of the group, day and bed-day cases apart, which are paid by another measure; a long stay reaches the multiple of the group's mean days, bed-day cases apart; a low-risk group is a core group whose history has at most the stated mortality. has_* are 1 where the file has the column at all
SELECT r.case_no, 'readmission' AS flag
FROM readmission AS r
UNION ALL
SELECT g.case_no, 'low_standard' AS flag
FROM grouped AS g
JOIN catalogue_mean AS m ON m.dip_code = g.dip_code
WHERE g.dip_type <> 'ungrouped'
    AND g.local_kind NOT IN ('day', 'bed_day')
    AND CAST(g.medfee_sumamt AS DECIMAL(38, 0)) * $low_den
    < CAST(
        coalesce(
            CASE g.hosp_lv WHEN '1' THEN m.mean_fee_lv1 WHEN '2' THEN m.mean_fee_lv2 WHEN '3' THEN m.mean_fee_lv3 END,
            m.mean_fee
        ) AS DECIMAL(38, 0)
    ) * $low_num
UNION ALL
SELECT g.case_no, 'long_stay' AS flag
FROM grouped AS g
JOIN group_fact AS f ON f.dip_code = g.dip_code
WHERE f.days > 0
    AND g.local_kind <> 'bed_day'
    AND CAST(g.stay_days AS DECIMAL(38, 0)) * f.n_days * $long_den >= CAST(f.days AS DECIMAL(38, 0)) * $long_num
UNION ALL
SELECT g.case_no, 'death_risk' AS flag
FROM grouped AS g
JOIN stay AS s ON s.case_no = g.case_no
JOIN group_fact AS f ON f.dip_code = g.dip_code
WHERE g.dip_type = 'core'
    AND s.dscg_way = '5'
    AND CAST(f.deaths AS DECIMAL(38, 0)) * $risk_den <= CAST(f.n AS DECIMAL(38, 0)) * $risk_num
UNION ALL
SELECT c.case_no, 'record_quality' AS flag
FROM cases AS c
JOIN stay AS s ON s.case_no = c.case_no
WHERE ($has_age = 1 AND c.age IS NULL AND c.nwb_age_days IS NULL)
    OR ($has_gend = 1 AND coalesce(c.gend, '') NOT IN ('1', '2'))
    OR ($has_days = 1 AND c.act_ipt_days IS NULL AND c.adm_date IS NULL)
    OR (c.act_ipt_days IS NOT NULL AND c.adm_date IS NOT NULL
        AND c.act_ipt_days <> date_diff('day', c.adm_date, c.dscg_date))
