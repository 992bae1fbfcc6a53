-- grain: certno
-- inputs: residents, persons, certno, cover, enrolments, deaths
-- params: day
-- source: RULEBOOK §1a quota_lines (参保覆盖率, 常住人口参保率), 国办发〔2024〕38号: who lives here and is covered nowhere on the day, and why
-- note: a resident is matched by identity number, then by name and birth date where the number finds nobody
WITH person AS (
    SELECT p.psn_no, c.cert_key, p.psn_name, p.brdy
    FROM persons AS p
    LEFT JOIN certno AS c ON c.certno = p.certno
),
lives AS (
    SELECT r.certno, c.cert_key, r.psn_name, r.brdy
    FROM residents AS r
    JOIN certno AS c ON c.certno = r.certno
),
by_number AS (
    SELECT l.certno, p.psn_no FROM lives AS l JOIN person AS p ON p.cert_key = l.cert_key WHERE l.cert_key <> ''
),
by_name AS (
    SELECT l.certno, p.psn_no
    FROM lives AS l
    JOIN person AS p ON p.psn_name = l.psn_name AND p.brdy = l.brdy
    WHERE NOT EXISTS (SELECT 1 FROM by_number AS n WHERE n.certno = l.certno)
),
found AS (
    SELECT certno, psn_no, 1 AS by_certno FROM by_number
    UNION ALL
    SELECT certno, psn_no, 0 AS by_certno FROM by_name
),
today AS (
    SELECT
        c.psn_no,
        max(CASE WHEN c.cover_stas = 'covered' THEN 3 WHEN c.cover_stas = 'arrears' THEN 2 ELSE 1 END) AS state
    FROM cover AS c
    WHERE $day BETWEEN c.begndate AND c.enddate
    GROUP BY c.psn_no
),
past AS (
    SELECT c.psn_no, max(c.enddate) AS last_cover
    FROM cover AS c
    WHERE c.cover_stas = 'covered' AND c.enddate < $day
    GROUP BY c.psn_no
),
ever AS (
    SELECT DISTINCT psn_no FROM enrolments WHERE psn_insu_date <= $day
),
matched AS (
    SELECT
        f.certno,
        min(f.psn_no) AS psn_no,
        max(f.by_certno) AS by_certno,
        max(coalesce(t.state, 0)) AS state,
        max(CASE WHEN e.psn_no IS NULL THEN 0 ELSE 1 END) AS ever,
        max(p.last_cover) AS last_cover,
        max(CASE WHEN d.die_date <= $day THEN 1 ELSE 0 END) AS dead
    FROM found AS f
    LEFT JOIN today AS t ON t.psn_no = f.psn_no
    LEFT JOIN past AS p ON p.psn_no = f.psn_no
    LEFT JOIN ever AS e ON e.psn_no = f.psn_no
    LEFT JOIN deaths AS d ON d.psn_no = f.psn_no
    GROUP BY f.certno
),
judged AS (
    SELECT
        r.certno,
        coalesce(m.psn_no, '') AS psn_no,
        coalesce(r.psn_name, '') AS psn_name,
        coalesce(r.admdvs, '') AS admdvs,
        coalesce(r.resd_kind, '') AS resd_kind,
        coalesce(r.empl_kind, '') AS empl_kind,
        m.last_cover,
        CASE
            WHEN m.dead = 1 THEN 'dead'
            WHEN m.state = 3 AND m.by_certno = 1 THEN 'enrolled'
            WHEN m.state = 3 THEN 'certno_differs'
            WHEN m.state = 2 THEN 'arrears'
            WHEN m.state = 1 THEN 'suspended'
            WHEN m.ever = 1 THEN 'lapsed'
            ELSE 'never_enrolled'
        END AS reason
    FROM residents AS r
    LEFT JOIN matched AS m ON m.certno = r.certno
    WHERE r.certno IS NOT NULL
)
SELECT
    certno,
    psn_no,
    psn_name,
    admdvs,
    resd_kind,
    empl_kind,
    last_cover,
    reason,
    CASE
        WHEN empl_kind = 'unit' THEN '310'
        WHEN empl_kind = 'flexible' THEN '310|390'
        ELSE '390'
    END AS advise
FROM judged
