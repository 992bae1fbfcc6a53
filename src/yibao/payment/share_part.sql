-- grain: case_no
-- inputs: payee, share_fund
-- params: -
-- source: RULEBOOK 0 and 4b.6-7: the exact share fund × points / Σ points of each case, rounded down, each fund by itself
-- note: remainder over Σ points is what rounding took; slot is the remainder rounded down to a thousandth of Σ points, by which share.sql finds where the fen left over run out; idiv by 1 is the fast way from 38 digits to a whole number of 64 bits
WITH total AS (
    SELECT fund_type, CAST(sum(points) AS DECIMAL(38, 0)) AS points, idiv(sum(points), 1024) + 1 AS width
    FROM payee
    WHERE scope = 'local'
    GROUP BY fund_type
),
exact AS (
    SELECT
        p.case_no,
        p.setl_id,
        p.fund_type,
        CAST(f.fund_fen AS DECIMAL(38, 0)) * CAST(p.points AS DECIMAL(38, 0)) AS portion,
        idiv(CAST(f.fund_fen AS DECIMAL(38, 0)) * CAST(p.points AS DECIMAL(38, 0)), t.points) AS pay,
        t.points,
        t.width
    FROM payee AS p
    JOIN share_fund AS f ON f.fund_type = p.fund_type
    JOIN total AS t ON t.fund_type = p.fund_type
    WHERE p.scope = 'local' AND t.points > 0
),
floored AS (
    SELECT
        case_no,
        setl_id,
        fund_type,
        pay,
        idiv(portion - CAST(pay AS DECIMAL(38, 0)) * points, 1) AS remainder,
        width
    FROM exact
)
SELECT case_no, setl_id, fund_type, pay, remainder, remainder - remainder % width AS slot
FROM floored
