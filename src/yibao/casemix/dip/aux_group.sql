-- grain: dip_code
-- inputs: assigned, stay
-- params: aux_year
-- source: DIP 3.0 draft ch.5 s.2: the gates of auxiliary types look at last year's cases of a core group
-- note: fee_square is Σ fee², exact, so that the spread is compared in whole numbers
SELECT
    a.dip_code,
    count(*) AS n,
    CAST(sum(s.fee) AS BIGINT) AS fee,
    sum(CAST(s.fee AS DECIMAL(38, 0)) * CAST(s.fee AS DECIMAL(38, 0))) AS fee_square
FROM assigned AS a
JOIN stay AS s ON s.case_no = a.case_no
WHERE a.dip_type = 'core' AND s.dscg_year = $aux_year
GROUP BY a.dip_code
