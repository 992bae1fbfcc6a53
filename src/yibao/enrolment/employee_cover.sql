-- grain: spell_no, begndate
-- inputs: paid, spell, month_day, cover_term
-- params: -
-- source: RULEBOOK §1d: 职工 are covered by months paid in full; a month paid after it had passed brings no benefits unless switch.backpay_retro says so
WITH held AS (
    SELECT s.spell_no, m.month_no, m.first_day, m.last_day, s.begndate, s.enddate, s.pay_from
    FROM paid AS p
    JOIN month_day AS m ON m.period = p.period
    JOIN cover_term AS t ON t.year = m.year
    JOIN spell AS s
        ON s.person_no = p.person_no AND s.pool_no = p.pool_no
        AND m.last_day >= s.begndate AND m.first_day <= s.enddate
    WHERE s.insutype = '310' AND s.pays = 1 AND s.begndate <= s.enddate
        AND (p.paid_date <= m.last_day OR t.backpay_retro = 1)
),
whole AS (
    SELECT spell_no, min(month_no) AS low, max(month_no) AS high, count(*) AS n FROM held GROUP BY spell_no
),
island AS (
    SELECT h.spell_no, h.first_day, h.last_day, h.begndate, h.enddate, h.pay_from, 0 AS run
    FROM held AS h
    JOIN whole AS w ON w.spell_no = h.spell_no AND w.high - w.low + 1 = w.n
    UNION ALL
    SELECT
        h.spell_no, h.first_day, h.last_day, h.begndate, h.enddate, h.pay_from,
        h.month_no - row_number() OVER (PARTITION BY h.spell_no ORDER BY h.month_no) AS run
    FROM held AS h
    JOIN whole AS w ON w.spell_no = h.spell_no AND w.high - w.low + 1 <> w.n
),
span AS (
    SELECT
        spell_no,
        run,
        greatest(min(first_day), min(begndate)) AS begndate,
        least(max(last_day), max(enddate)) AS enddate,
        max(pay_from) AS pay_from
    FROM island
    GROUP BY spell_no, run
)
SELECT spell_no, begndate, enddate, greatest(begndate, coalesce(pay_from, begndate)) AS pay_from FROM span
