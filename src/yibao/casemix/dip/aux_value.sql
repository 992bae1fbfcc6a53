-- grain: case_no
-- inputs: aux_stay, case_mark, aux_dx
-- params: severity, serious_days, multiple_num, multiple_den, share_num, share_den
-- source: DIP 3.0 draft ch.5 s.2: severity of a case, first match; of a malignant tumour by its own list; 3天以上 is read inclusive
-- note: severity 1 死亡, 2 重度, 3 中度, 4 轻度; tumour 1 死亡, 2 高费用一, 3 高费用二, 4 转移或并发, 5 功能衰竭等, 6 重要器官病损等, 7 其他; 0 where the list does not apply. Days that are not known are no long stay. High cost is of the fee net of excluded items; the share of treatment or drugs is of the gross fee, since which of them an excluded item is stands nowhere
WITH tumour_dx AS (
    SELECT DISTINCT k.dx
    FROM (SELECT DISTINCT dx FROM aux_stay) AS k
    JOIN aux_dx AS a ON a.mark = 'tumour' AND substr(k.dx, 1, length(a.prefix)) = a.prefix
),
known AS (
    SELECT
        s.case_no,
        s.group_no,
        s.fee,
        s.age,
        s.nwb_age_days,
        s.nwb_adm_wt,
        s.icu_days,
        coalesce(m.cci, 0) AS cci,
        CASE WHEN t.dx IS NULL THEN 0 ELSE 1 END AS is_tumour,
        CASE WHEN s.dscg_way = '5' THEN 1 ELSE 0 END AS died,
        CASE WHEN s.stay_days >= $serious_days THEN coalesce(m.severe, 0) ELSE 0 END AS severe,
        CASE WHEN s.stay_days >= $serious_days THEN coalesce(m.moderate, 0) ELSE 0 END AS moderate,
        CASE
            WHEN s.stay_days >= $serious_days
                AND (m.tumour_first <> substr(s.dx, 1, 3) OR m.tumour_last <> substr(s.dx, 1, 3)) THEN 1
            ELSE 0
        END AS spread,
        CASE
            WHEN CAST(s.fee AS DECIMAL(38, 0)) * $multiple_den >= CAST(s.base_fee AS DECIMAL(38, 0)) * $multiple_num
                THEN 1
            ELSE 0
        END AS high,
        CASE
            WHEN CAST(s.trt_fee AS DECIMAL(38, 0)) * $share_den >= CAST(s.gross_fee AS DECIMAL(38, 0)) * $share_num THEN 1
            ELSE 0
        END AS much_treatment,
        CASE
            WHEN CAST(s.drug_fee AS DECIMAL(38, 0)) * $share_den >= CAST(s.gross_fee AS DECIMAL(38, 0)) * $share_num THEN 1
            ELSE 0
        END AS much_drugs
    FROM aux_stay AS s
    LEFT JOIN case_mark AS m ON m.case_no = s.case_no
    LEFT JOIN tumour_dx AS t ON t.dx = s.dx
)
SELECT
    case_no,
    group_no,
    fee,
    cci,
    CASE
        WHEN $severity = 0 OR is_tumour = 1 THEN 0
        WHEN died = 1 THEN 1
        WHEN severe = 1 THEN 2
        WHEN moderate = 1 THEN 3
        ELSE 4
    END AS severity,
    CASE
        WHEN is_tumour = 0 THEN 0
        WHEN died = 1 THEN 1
        WHEN high = 1 AND much_treatment = 1 THEN 2
        WHEN high = 1 AND much_drugs = 1 THEN 3
        WHEN spread = 1 THEN 4
        WHEN severe = 1 THEN 5
        WHEN moderate = 1 THEN 6
        ELSE 7
    END AS tumour,
    coalesce(age, CASE WHEN nwb_age_days IS NOT NULL THEN 0 ELSE -1 END) AS age,
    coalesce(icu_days, 0) AS icu,
    coalesce(nwb_adm_wt, -1) AS weight,
    coalesce(nwb_age_days, -1) AS age_days
FROM known
