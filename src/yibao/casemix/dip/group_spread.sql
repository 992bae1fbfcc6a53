-- grain: dip_code
-- inputs: measured
-- params: -
-- source: DIP 3.0 draft glossary 13 (CV); S4 三(一): the base disease has stable cost. Sums are exact so that the choice never hangs on float rounding
SELECT
    dip_code,
    count(*) AS n,
    sum(fee) AS fee,
    sum(CAST(fee AS DECIMAL(38, 0)) * CAST(fee AS DECIMAL(38, 0))) AS fee_square
FROM measured
WHERE own = 1 AND kept = 1
GROUP BY dip_code
