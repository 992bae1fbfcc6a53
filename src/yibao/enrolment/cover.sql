-- grain: spell_no, begndate
-- inputs: spell, employee_cover, resident_start
-- params: first_day
-- source: RULEBOOK §1b, §1d: within a spell what is not covered is in arrears; 暂停参保 lasts until the next spell or death
WITH held AS (
    SELECT spell_no, begndate, enddate, pay_from FROM employee_cover WHERE begndate <= enddate
    UNION ALL
    SELECT r.spell_no, r.begndate, r.enddate, greatest(r.begndate, r.pay_from, coalesce(s.pay_from, r.begndate)) AS pay_from
    FROM resident_start AS r
    JOIN spell AS s ON s.spell_no = r.spell_no
    WHERE r.begndate <= r.enddate
    UNION ALL
    SELECT spell_no, begndate, enddate, greatest(begndate, coalesce(pay_from, begndate)) AS pay_from
    FROM spell
    WHERE pays = 0 AND begndate <= enddate
),
ordered AS (
    SELECT
        spell_no,
        begndate,
        enddate,
        lead(begndate) OVER (PARTITION BY spell_no ORDER BY begndate, enddate) AS next_begin,
        row_number() OVER (PARTITION BY spell_no ORDER BY begndate, enddate) AS nth
    FROM held
),
free AS (
    SELECT s.spell_no, s.begndate, o.begndate - 1 AS enddate
    FROM spell AS s
    JOIN ordered AS o ON o.spell_no = s.spell_no AND o.nth = 1
    WHERE s.begndate <= s.enddate AND s.begndate < o.begndate
    UNION ALL
    SELECT s.spell_no, greatest(s.begndate, o.enddate + 1) AS begndate, least(coalesce(o.next_begin - 1, s.enddate), s.enddate) AS enddate
    FROM spell AS s
    JOIN ordered AS o ON o.spell_no = s.spell_no
    WHERE s.begndate <= s.enddate AND o.enddate < s.enddate
    UNION ALL
    SELECT s.spell_no, s.begndate, s.enddate
    FROM spell AS s
    WHERE s.begndate <= s.enddate AND NOT EXISTS (SELECT 1 FROM held AS h WHERE h.spell_no = s.spell_no)
),
resumed AS (
    SELECT s.spell_no, min(n.begndate) AS begndate
    FROM spell AS s
    JOIN spell AS n ON n.person_no = s.person_no AND n.begndate >= s.stop AND n.spell_no <> s.spell_no
    WHERE s.paused = 1 AND s.stop IS NOT NULL
    GROUP BY s.spell_no
),
paused AS (
    SELECT s.spell_no, s.stop AS begndate, least(coalesce(r.begndate - 1, s.last_day), s.last_day) AS enddate
    FROM spell AS s
    LEFT JOIN resumed AS r ON r.spell_no = s.spell_no
    WHERE s.paused = 1 AND s.stop IS NOT NULL
),
every AS (
    SELECT spell_no, begndate, enddate, pay_from, 'covered' AS cover_stas FROM held
    UNION ALL
    SELECT spell_no, begndate, enddate, CAST(NULL AS DATE) AS pay_from, 'arrears' AS cover_stas FROM free
    UNION ALL
    SELECT spell_no, begndate, enddate, CAST(NULL AS DATE) AS pay_from, 'suspended' AS cover_stas FROM paused
)
SELECT
    s.psn_no,
    s.insutype,
    s.insuplc_admdvs,
    s.psn_type,
    s.clct_way,
    greatest(e.begndate, $first_day) AS begndate,
    e.enddate,
    CASE WHEN e.pay_from IS NOT NULL THEN greatest(e.pay_from, $first_day) END AS pay_from,
    e.cover_stas,
    e.spell_no
FROM every AS e
JOIN spell AS s ON s.spell_no = e.spell_no
WHERE e.begndate <= e.enddate AND e.enddate >= $first_day
