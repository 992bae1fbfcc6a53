-- grain: fixmedins_code, med_list_codg, opened
-- inputs: stock_moves, stock_sign
-- params: -
-- source: RULEBOOK §14 R35: opening + purchases − closing against what was sold, between two stocktakes (3501)
WITH moves AS (
    SELECT DISTINCT
        m.fixmedins_code, m.med_list_codg, m.infno, m.ocur_time, m.cnt, coalesce(m.fixmedins_bchno, '') AS bchno,
        coalesce(m.upld_sn, '') AS upld_sn, coalesce(m.fund_pay_sumamt, 0) AS fund_fen, s.bought, s.changed, s.sold
    FROM stock_moves AS m
    JOIN stock_sign AS s ON s.infno = m.infno AND s.inv_chg_type = coalesce(m.inv_chg_type, '')
),
takes AS (
    SELECT fixmedins_code, med_list_codg, ocur_time, sum(cnt) AS cnt
    FROM moves
    WHERE infno = '3501'
    GROUP BY fixmedins_code, med_list_codg, ocur_time
),
spans AS (
    SELECT
        fixmedins_code, med_list_codg, ocur_time AS opened, cnt AS opening,
        lead(ocur_time) OVER (PARTITION BY fixmedins_code, med_list_codg ORDER BY ocur_time) AS closed,
        lead(cnt) OVER (PARTITION BY fixmedins_code, med_list_codg ORDER BY ocur_time) AS closing
    FROM takes
),
summed AS (
    SELECT
        p.fixmedins_code, p.med_list_codg, p.opened, p.closed, p.opening, p.closing,
        coalesce(sum(m.bought * m.cnt), 0) AS bought, coalesce(sum(m.changed * m.cnt), 0) AS changed,
        coalesce(sum(m.sold * m.cnt), 0) AS sold, coalesce(sum(m.sold * m.fund_fen), 0) AS fund_fen
    FROM spans AS p
    LEFT JOIN moves AS m
        ON m.fixmedins_code = p.fixmedins_code AND m.med_list_codg = p.med_list_codg AND m.infno <> '3501'
        AND m.ocur_time > p.opened AND m.ocur_time <= p.closed
    WHERE p.closed IS NOT NULL
    GROUP BY p.fixmedins_code, p.med_list_codg, p.opened, p.closed, p.opening, p.closing
)
SELECT
    fixmedins_code, med_list_codg, opened, closed, CAST(opening AS BIGINT) AS opening, CAST(bought AS BIGINT) AS bought,
    CAST(changed AS BIGINT) AS changed, CAST(closing AS BIGINT) AS closing, CAST(sold AS BIGINT) AS sold,
    CAST(fund_fen AS BIGINT) AS fund_fen,
    CAST(sold - (opening + bought + changed - closing) AS BIGINT) AS excess
FROM summed
