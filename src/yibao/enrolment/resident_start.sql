-- grain: spell_no, year
-- inputs: resident_year, cover_term, year_day, month_day, paid, person_fact, identities, wait_exempt
-- params: -
-- source: RULEBOOK §1b: where cover and benefits of a resident's year begin; the decision of resident.resident_start, in sets
-- note: lacks names the key of the law that the row needs and the law does not have; such a run is refused
WITH late AS (
    SELECT p.person_no, y.year
    FROM paid AS p
    JOIN year_day AS y ON y.period = p.period
    GROUP BY p.person_no, y.year
    HAVING max(CASE WHEN p.paid_date <= y.last_day THEN 1 ELSE 0 END) = 0
),
kind AS (
    SELECT
        r.*,
        y.first_day AS new_year,
        CASE
            WHEN r.brdy IS NOT NULL AND year(r.registered) = r.year
                AND date_diff('day', r.brdy, r.registered) BETWEEN 0 AND t.newborn_days THEN 'newborn'
            WHEN r.given IS NOT NULL THEN 'given'
            WHEN r.stopped = 1 AND r.paid_date >= y.first_day THEN 'stopped'
            ELSE 'paid'
        END AS way,
        CASE WHEN r.paid_date BETWEEN t.window_from AND t.window_until THEN 1 ELSE 0 END AS in_time,
        CASE WHEN coalesce(r.prev_employee, 0) > coalesce(r.prev_resident, 0) THEN 1 ELSE 0 END AS by_work
    FROM resident_year AS r
    JOIN cover_term AS t ON t.year = r.year
    JOIN year_day AS y ON y.year = r.year
),
history AS (
    SELECT
        k.*,
        CASE WHEN k.by_work = 1 AND t.employee_years_count = 1 THEN k.prev_employee ELSE k.prev_resident END AS previous,
        CASE
            WHEN k.paid_date < k.new_year THEN 'year_start'
            WHEN k.in_time = 1 THEN t.start_in_window
            ELSE t.start_late
        END AS begins
    FROM kind AS k
    JOIN cover_term AS t ON t.year = k.year
),
repair AS (
    SELECT h.spell_no, h.year, count(*) AS n
    FROM history AS h
    JOIN late AS l ON l.person_no = h.person_no AND l.year > h.previous AND l.year < h.year
    WHERE h.way = 'paid'
    GROUP BY h.spell_no, h.year
),
exempt AS (
    SELECT DISTINCT h.spell_no, h.year
    FROM history AS h
    JOIN person_fact AS f ON f.person_no = h.person_no
    JOIN identities AS i ON i.psn_no = f.psn_no AND i.begndate <= h.paid_date
        AND (i.enddate IS NULL OR i.enddate >= h.paid_date)
    JOIN wait_exempt AS e ON e.year = h.year AND e.psn_idet_type = i.psn_idet_type
    WHERE h.way = 'paid'
),
broken AS (
    SELECT
        h.*,
        t.window_from,
        t.employee_years_count,
        t.wait_starts,
        t.stop_delay,
        t.absent_of_wait,
        CASE WHEN h.previous IS NULL THEN 0 ELSE h.year - h.previous - 1 END AS gap,
        CASE WHEN x.spell_no IS NULL THEN 0 ELSE 1 END AS free,
        coalesce(n.n, 0) AS repaired,
        t.wait_fixed,
        t.wait_per_year,
        t.wait_long_years,
        t.wait_long_min,
        t.wait_repair,
        month_after.first_day AS next_month
    FROM history AS h
    JOIN cover_term AS t ON t.year = h.year
    LEFT JOIN repair AS n ON n.spell_no = h.spell_no AND n.year = h.year
    LEFT JOIN exempt AS x ON x.spell_no = h.spell_no AND x.year = h.year
    LEFT JOIN month_day AS month_after
        ON month_after.month_no = year(h.paid_date) * 12 + month(h.paid_date) - 1
            + CASE WHEN h.way = 'stopped' THEN t.stop_delay ELSE 1 END
),
waited AS (
    SELECT
        b.*,
        CASE
            WHEN b.way = 'newborn' THEN b.brdy
            WHEN b.way = 'given' AND b.paid_date < b.new_year THEN b.new_year
            WHEN b.way = 'given' THEN greatest(b.new_year, least(b.paid_date, b.given))
            WHEN b.way = 'stopped' THEN b.next_month
            WHEN b.begins = 'paid_day' THEN b.paid_date
            WHEN b.begins = 'next_month' THEN b.next_month
            ELSE b.new_year
        END AS begndate,
        CASE
            WHEN b.way <> 'paid' OR b.free = 1 OR (b.in_time = 1 AND b.gap = 0) THEN 0
            ELSE greatest(
                b.wait_fixed + greatest(0, b.gap * b.wait_per_year - b.repaired * b.wait_repair),
                CASE WHEN b.gap >= b.wait_long_years THEN b.wait_long_min ELSE 0 END
            )
        END AS wait,
        CASE
            WHEN b.way = 'stopped' AND b.stop_delay IS NULL THEN 'switch.employee_stop.delay'
            WHEN b.way <> 'paid' THEN ''
            WHEN b.window_from IS NULL THEN 'resident.window.from'
            WHEN b.by_work = 1 AND b.employee_years_count IS NULL THEN 'incentive.employee_years_count'
            WHEN b.begins IS NULL AND b.in_time = 1 THEN 'resident.start.in_window'
            WHEN b.begins IS NULL THEN 'resident.start.late'
            WHEN b.in_time = 1 AND b.gap = 0 THEN ''
            ELSE b.absent_of_wait
        END AS lacks
    FROM broken AS b
),
counted AS (
    SELECT
        w.*,
        CASE WHEN w.wait_starts = 'paid_day' THEN w.paid_date ELSE w.begndate END AS counted_from
    FROM waited AS w
)
SELECT
    c.spell_no,
    c.year,
    CASE WHEN c.way = 'newborn' THEN c.begndate ELSE greatest(c.begndate, c.registered) END AS begndate,
    least(y.last_day, c.enddate) AS enddate,
    CASE
        WHEN c.given IS NOT NULL THEN c.given
        WHEN c.wait > 0 THEN greatest(
            c.begndate, m.first_day + CAST(least(day(c.counted_from), day(m.last_day)) - 1 AS INTEGER)
        )
        ELSE c.begndate
    END AS pay_from,
    c.wait,
    c.lacks
FROM counted AS c
JOIN year_day AS y ON y.year = c.year
LEFT JOIN month_day AS m
    ON m.month_no = year(c.counted_from) * 12 + month(c.counted_from) - 1 + c.wait
