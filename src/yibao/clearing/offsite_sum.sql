-- grain: fund_type, fixmedins_code, insuplc_admdvs
-- inputs: pool_case, final_points, case_due, cases
-- params: -
-- source: S4 三(三), 经办规程 2025 art.6, 12: cases of another pool of the province, paid out of their home pool's money
-- note: fee and booked as they stand; due with the excluded part that the home pool pays by item
SELECT
    q.fund_type,
    q.fixmedins_code,
    c.insuplc_admdvs,
    count(*) AS cases,
    CAST(sum(f.case_points) AS BIGINT) AS points,
    CAST(sum(q.fee) AS BIGINT) AS fee,
    CAST(sum(q.booked) AS BIGINT) AS booked,
    CAST(sum(d.due + q.excluded_due) AS BIGINT) AS due
FROM pool_case AS q
JOIN final_points AS f ON f.case_no = q.case_no
JOIN case_due AS d ON d.case_no = q.case_no
JOIN cases AS c ON c.case_no = q.case_no
WHERE q.scope = 'offsite'
GROUP BY q.fund_type, q.fixmedins_code, c.insuplc_admdvs
