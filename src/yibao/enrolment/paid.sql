-- grain: person_no, pool_no, period
-- inputs: contributions, person_fact, pool
-- params: low, high
-- source: RULEBOOK §1d: a month or year is covered only when what was due is paid in full; aid counts as paid
-- note: period is year × 13 + month, month 0 for a resident's year; who was never enrolled is left out; grouped by one number, of pools below 100000 and periods below 100000, which is faster than three
WITH numbered AS (
    SELECT
        f.person_no,
        l.pool_no,
        c.year * 13 + coalesce(c.clct_month, 0) AS period,
        c.paid_amt + coalesce(c.aid_amt, 0) - c.clct_amt AS over_due,
        c.paid_date,
        c.pay_from
    FROM contributions AS c
    JOIN person_fact AS f ON f.psn_no = c.psn_no
    JOIN pool AS l ON l.insuplc_admdvs = c.insuplc_admdvs
    WHERE c.year BETWEEN $low AND $high
        AND ((c.insutype = '310' AND c.clct_month BETWEEN 1 AND 12) OR (c.insutype = '390' AND c.clct_month IS NULL))
)
SELECT
    min(person_no) AS person_no,
    min(pool_no) AS pool_no,
    min(period) AS period,
    max(paid_date) AS paid_date,
    max(pay_from) AS given
FROM numbered
GROUP BY (person_no * 100000 + pool_no) * 100000 + period
HAVING sum(over_due) >= 0
