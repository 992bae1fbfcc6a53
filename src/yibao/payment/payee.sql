-- grain: case_no
-- inputs: pool_case, final_points
-- params: -
-- source: DIP_REGIMES A.8 and A.9: every case of a fund that has a budget: its points, and what was booked for its fee
-- note: fen and 10⁻⁴ 分; booked and fee are net of excluded fees, which are paid by item (their part is excluded_due); scope offsite and outside stand here too, but only local cases share their fund
SELECT
    q.case_no,
    q.setl_id,
    q.fixmedins_code,
    q.fund_type,
    q.scope,
    f.case_points AS points,
    f.plain_points,
    q.booked - q.excluded_due AS booked,
    q.fee - q.excluded AS fee,
    q.excluded_due
FROM pool_case AS q
JOIN final_points AS f ON f.case_no = q.case_no
WHERE q.fund_type IS NOT NULL
