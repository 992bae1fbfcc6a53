-- grain: fund_type, fixmedins_code, month
-- inputs: pool_case, final_points, case_due
-- params: -
-- source: S4 三(四)2: a hospital's local DIP cases of a fund in a month, what monthly settlement and clearing start from
-- note: booked is net of the excluded part that is paid by item; fee, patient and other are of the whole fee, excluded is what of it is paid by item
SELECT
    q.fund_type,
    q.fixmedins_code,
    q.month,
    count(*) AS cases,
    CAST(sum(f.case_points) AS BIGINT) AS points,
    CAST(sum(q.fee) AS BIGINT) AS fee,
    CAST(sum(q.patient) AS BIGINT) AS patient,
    CAST(sum(q.other) AS BIGINT) AS other,
    CAST(sum(q.booked - q.excluded_due) AS BIGINT) AS booked,
    CAST(sum(q.excluded_due) AS BIGINT) AS excluded_due,
    CAST(sum(d.due) AS BIGINT) AS due,
    CAST(sum(q.excluded) AS BIGINT) AS excluded
FROM pool_case AS q
JOIN final_points AS f ON f.case_no = q.case_no
JOIN case_due AS d ON d.case_no = q.case_no
WHERE q.scope = 'local'
GROUP BY q.fund_type, q.fixmedins_code, q.month
