-- grain: case_no
-- inputs: assigned, stay, catalogue_points, local_list, group_fact
-- params: day_max, bed_day_min, tcm_num, tcm_den
-- source: S4 三(一)、三(二): 按床日付费, 日间手术, 中医优势 and 基层病种 of the local catalogue; DIP 3.0 draft ch.5: a bed-day case has the points of a day for each day
-- note: the first that holds: bed_day, day, tcm, primary. Points without a listed value follow the history: a day's share of the group's mean stay, the day cases' share of its mean fee; each rounded half up once. The share of TCM fees is of the gross fee, with excluded items
WITH listed AS (
    SELECT
        dip_code,
        max(CASE WHEN list_kind = 'primary_care' THEN 1 ELSE 0 END) AS primary_care,
        max(CASE WHEN list_kind = 'bed_day' THEN 1 ELSE 0 END) AS bed_day,
        max(CASE WHEN list_kind = 'bed_day' THEN list_points END) AS bed_day_points,
        max(CASE WHEN list_kind = 'day' THEN 1 ELSE 0 END) AS day,
        max(CASE WHEN list_kind = 'day' THEN list_points END) AS day_points,
        max(CASE WHEN list_kind = 'tcm' THEN 1 ELSE 0 END) AS tcm,
        max(CASE WHEN list_kind = 'tcm' THEN list_points END) AS tcm_points,
        max(CASE WHEN list_kind = 'primary_care' THEN list_points END) AS primary_points
    FROM local_list
    GROUP BY dip_code
),
placed AS (
    SELECT
        a.case_no,
        a.dip_code,
        s.stay_days,
        CASE
            WHEN l.bed_day = 1 AND s.stay_days >= $bed_day_min THEN 'bed_day'
            WHEN l.day = 1 AND s.stay_days <= $day_max THEN 'day'
            WHEN l.tcm = 1
                AND CAST(s.tcm_fee AS DECIMAL(38, 0)) * $tcm_den >= CAST(s.gross_fee AS DECIMAL(38, 0)) * $tcm_num THEN 'tcm'
            ELSE ''
        END AS local_kind,
        l.primary_care,
        l.bed_day_points,
        l.day_points,
        l.tcm_points,
        l.primary_points,
        CAST(coalesce(c.points, 0) AS DECIMAL(38, 0)) AS points,
        CAST(coalesce(f.n, 0) AS DECIMAL(38, 0)) AS n,
        CAST(coalesce(f.fee, 0) AS DECIMAL(38, 0)) AS fee,
        CAST(coalesce(f.n_days, 0) AS DECIMAL(38, 0)) AS n_days,
        CAST(coalesce(f.days, 0) AS DECIMAL(38, 0)) AS days,
        CAST(coalesce(f.n_day, 0) AS DECIMAL(38, 0)) AS n_day,
        CAST(coalesce(f.fee_day, 0) AS DECIMAL(38, 0)) AS fee_day
    FROM assigned AS a
    JOIN listed AS l ON l.dip_code = a.dip_code
    JOIN stay AS s ON s.case_no = a.case_no
    LEFT JOIN catalogue_points AS c ON c.dip_code = a.dip_code
    LEFT JOIN group_fact AS f ON f.dip_code = a.dip_code
    WHERE a.dip_code <> ''
)
SELECT
    case_no,
    local_kind,
    CASE WHEN local_kind = '' THEN primary_care ELSE 0 END AS primary_care,
    CASE
        WHEN local_kind = 'bed_day' AND bed_day_points IS NOT NULL THEN bed_day_points * stay_days
        WHEN local_kind = 'bed_day' AND days > 0 THEN idiv(2 * points * n_days * stay_days + days, 2 * days)
        WHEN local_kind = 'day' AND day_points IS NOT NULL THEN day_points
        WHEN local_kind = 'day' AND n_day > 0 AND fee > 0
            THEN idiv(2 * points * fee_day * n + fee * n_day, 2 * fee * n_day)
        WHEN local_kind = 'tcm' AND tcm_points IS NOT NULL THEN tcm_points
        WHEN local_kind = '' AND primary_care = 1 AND primary_points IS NOT NULL THEN primary_points
        ELSE CAST(points AS BIGINT)
    END AS group_points
FROM placed
WHERE local_kind <> '' OR primary_care = 1
