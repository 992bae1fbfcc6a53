-- grain: group_no, type_no
-- inputs: aux_case
-- params: -
-- source: DIP 3.0 draft ch.5 s.2: cases and cost of an auxiliary type in a group; fee_square is Σ fee², exact
SELECT
    group_no,
    type_no,
    count(*) AS n,
    CAST(sum(fee) AS BIGINT) AS fee,
    sum(CAST(fee AS DECIMAL(38, 0)) * CAST(fee AS DECIMAL(38, 0))) AS fee_square
FROM aux_case
GROUP BY group_no, type_no
