-- grain: spell_no
-- inputs: enrolments, person_fact, pool
-- params: -
-- source: RULEBOOK §1b, §1d; 人员参保状态: a spell holds until the day before it is stopped, and never after death
-- note: a spell that is stopped on no stated day never held; psn_type 12, 13 and insutype 340 pay nothing
WITH basic AS (
    SELECT
        f.person_no,
        l.pool_no,
        e.psn_no,
        e.insutype,
        e.insuplc_admdvs,
        coalesce(e.psn_type, '') AS psn_type,
        coalesce(e.clct_way, '') AS clct_way,
        e.psn_insu_date,
        e.pay_from,
        CASE
            WHEN e.paus_insu_date IS NULL AND e.psn_insu_stas IN ('2', '4') THEN e.psn_insu_date
            ELSE e.paus_insu_date
        END AS stop,
        CASE WHEN e.psn_insu_stas = '2' THEN 1 ELSE 0 END AS paused,
        f.brdy,
        coalesce(f.die_date, CAST('9999-12-31' AS DATE)) AS last_day
    FROM enrolments AS e
    JOIN person_fact AS f ON f.psn_no = e.psn_no
    JOIN pool AS l ON l.insuplc_admdvs = e.insuplc_admdvs
    WHERE e.insutype IN ('310', '340', '390')
)
SELECT
    CAST(row_number() OVER (ORDER BY b.person_no, b.insutype, b.pool_no, b.psn_insu_date) AS BIGINT) AS spell_no,
    b.person_no,
    b.pool_no,
    b.psn_no,
    b.insutype,
    b.insuplc_admdvs,
    b.psn_type,
    b.clct_way,
    b.psn_insu_date AS begndate,
    least(CASE WHEN b.stop IS NULL THEN b.last_day ELSE b.stop - 1 END, b.last_day) AS enddate,
    b.pay_from,
    b.stop,
    b.paused,
    CASE WHEN b.insutype = '340' OR (b.insutype = '310' AND substr(b.psn_type, 1, 2) IN ('12', '13')) THEN 0 ELSE 1
    END AS pays,
    b.brdy,
    b.last_day
FROM basic AS b
