-- grain: spell_no, year
-- inputs: paid, spell, cover_term, year_day, month_day
-- params: -
-- source: RULEBOOK §1b, §1d: a resident's paid years, each with what is known of the years before
WITH asked AS (
    SELECT s.spell_no, s.person_no, y.year, p.paid_date, p.given, s.begndate AS registered, s.enddate, s.brdy
    FROM paid AS p
    JOIN year_day AS y ON y.period = p.period
    JOIN cover_term AS t ON t.year = y.year
    JOIN spell AS s ON s.person_no = p.person_no AND s.pool_no = p.pool_no
    WHERE s.insutype = '390' AND p.paid_date <= y.last_day AND s.begndate <= s.enddate
),
person_year AS (
    SELECT DISTINCT person_no, year FROM asked
),
regular AS (
    SELECT p.person_no, y.year
    FROM paid AS p
    JOIN year_day AS y ON y.period = p.period
    WHERE p.paid_date <= y.last_day
),
before AS (
    SELECT a.person_no, a.year, max(r.year) AS prev_resident
    FROM person_year AS a
    JOIN regular AS r ON r.person_no = a.person_no AND r.year < a.year
    GROUP BY a.person_no, a.year
),
worked AS (
    SELECT p.person_no, m.year, min(m.month_no) AS low
    FROM paid AS p
    JOIN month_day AS m ON m.period = p.period
    WHERE EXISTS (SELECT 1 FROM person_year AS a WHERE a.person_no = p.person_no)
    GROUP BY p.person_no, m.year
),
worked_before AS (
    SELECT a.person_no, a.year, max(w.year) AS prev_employee
    FROM person_year AS a
    JOIN worked AS w ON w.person_no = a.person_no AND w.year < a.year
    GROUP BY a.person_no, a.year
)
SELECT
    a.spell_no,
    a.person_no,
    a.year,
    a.paid_date,
    a.given,
    a.registered,
    a.enddate,
    a.brdy,
    b.prev_resident,
    e.prev_employee,
    CASE WHEN w.low <= year(a.paid_date) * 12 + month(a.paid_date) - 1 THEN 1 ELSE 0 END AS stopped
FROM asked AS a
LEFT JOIN before AS b ON b.person_no = a.person_no AND b.year = a.year
LEFT JOIN worked_before AS e ON e.person_no = a.person_no AND e.year = a.year
LEFT JOIN worked AS w ON w.person_no = a.person_no AND w.year = a.year
