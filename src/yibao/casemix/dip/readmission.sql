-- grain: case_no
-- inputs: stay, cases, flag_exempt
-- params: readmit_days
-- source: DIP 2020 违规行为监督辅助目录 二次入院: the same person in again with the same 3-character principal diagnosis, at any institution, within the stated days of the discharge before
-- note: planned stays (flag_exempt, prefixes of the principal diagnosis) are exempt. Looks only at the cases of the session; few persons come twice for the same, so the others are left out before the stays are put in order
WITH known AS (
    SELECT
        c.case_no,
        c.psn_no,
        substr(s.dx, 1, 3) AS dx3,
        s.setl_id,
        s.dscg_date,
        c.adm_date,
        s.stay_days
    FROM stay AS s
    JOIN cases AS c ON c.case_no = s.case_no
    WHERE c.psn_no IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM flag_exempt AS e WHERE substr(s.dx, 1, length(e.prefix)) = e.prefix)
),
again AS (
    SELECT psn_no, dx3 FROM known GROUP BY psn_no, dx3 HAVING count(*) > 1
),
followed AS (
    SELECT
        k.*,
        lag(k.dscg_date) OVER (PARTITION BY k.psn_no, k.dx3 ORDER BY k.dscg_date, k.setl_id, k.case_no) AS before
    FROM known AS k
    JOIN again AS a ON a.psn_no = k.psn_no AND a.dx3 = k.dx3
),
gap AS (
    SELECT
        case_no,
        coalesce(date_diff('day', before, adm_date), date_diff('day', before, dscg_date) - stay_days) AS days
    FROM followed
    WHERE before IS NOT NULL
)
SELECT case_no, days FROM gap WHERE days >= 0 AND days <= $readmit_days
