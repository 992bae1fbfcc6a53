-- grain: fixmedins_code, med_list_codg, opened
-- inputs: stock_span
-- params: -
-- source: RULEBOOK §14 R35 (excess units are 串换 or 虚记); the fund's money is the excess units' share of the sales'
SELECT
    *,
    CASE WHEN excess > 0 THEN 'stock_oversold' ELSE 'stock_missing' END AS kind,
    CASE
        WHEN excess <= 0 OR sold <= 0 OR fund_fen <= 0 THEN 0
        WHEN excess >= sold THEN fund_fen
        ELSE idiv(CAST(2 AS DECIMAL(38, 0)) * fund_fen * excess + sold, CAST(2 AS DECIMAL(38, 0)) * sold)
    END AS risk_fen
FROM stock_span
WHERE excess <> 0
