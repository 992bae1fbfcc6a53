-- grain: fixmedins_code, month
-- inputs: cases, bed_month
-- params: -
-- source: S4 二(三), RULEBOOK §6, §7: occupied bed-days of a hospital in each month of the year
-- note: the day of discharge is not counted, a stay of one day counts one; days outside the year are not counted
WITH stay AS (
    SELECT fixmedins_code, coalesce(adm_date, dscg_date - CAST(coalesce(act_ipt_days, 0) AS INT)) AS come, dscg_date
    FROM cases
),
occupied AS (
    SELECT
        fixmedins_code,
        least(come, dscg_date) AS come,
        CASE WHEN dscg_date > come THEN dscg_date ELSE dscg_date + 1 END AS gone,
        dscg_date
    FROM stay
)
SELECT
    o.fixmedins_code,
    m.month,
    CAST(sum(date_diff('day', greatest(o.come, m.first_day), least(o.gone, m.next_day))) AS BIGINT) AS bed_days,
    CAST(sum(CASE WHEN o.dscg_date >= m.first_day AND o.dscg_date < m.next_day THEN 1 ELSE 0 END) AS BIGINT) AS cases
FROM occupied AS o
JOIN bed_month AS m ON o.come < m.next_day AND o.gone > m.first_day
GROUP BY o.fixmedins_code, m.month
