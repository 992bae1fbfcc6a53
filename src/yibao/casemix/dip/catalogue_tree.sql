-- grain: tree_level, node
-- inputs: assigned, case_main, dx_block
-- params: -
-- source: DIP 3.0 draft ch.8 目录分级: 主索引 is the ICD-10 chapter, 一级 block × attribute, 二级 4-character diagnosis × attribute, 三级 the groups
-- note: tree_level 0 to 3; an attribute is the kind of the principal procedure. fee_square is Σ fee², exact. Cases are added up by their codes first, so that names are put together for the sums only
WITH summed AS (
    SELECT
        m.dx3, m.dx4, m.px_kind, a.dip_code,
        count(*) AS n,
        CAST(sum(m.fee) AS BIGINT) AS fee,
        sum(CAST(m.fee AS DECIMAL(38, 0)) * CAST(m.fee AS DECIMAL(38, 0))) AS fee_square
    FROM assigned AS a
    JOIN case_main AS m ON m.case_no = a.case_no
    WHERE a.dip_type <> 'ungrouped'
    GROUP BY m.dx3, m.dx4, m.px_kind, a.dip_code
),
part AS (
    SELECT
        b.chapter,
        b.block || '|' || s.px_kind || '组' AS level1,
        s.dx4 || '|' || s.px_kind || '组' AS level2,
        s.dip_code, s.n, s.fee, s.fee_square
    FROM summed AS s
    JOIN dx_block AS b ON b.dx3 = s.dx3
)
SELECT 0 AS tree_level, chapter AS node, CAST(sum(n) AS BIGINT) AS n, CAST(sum(fee) AS BIGINT) AS fee,
    sum(fee_square) AS fee_square
FROM part GROUP BY chapter
UNION ALL
SELECT 1 AS tree_level, level1 AS node, CAST(sum(n) AS BIGINT) AS n, CAST(sum(fee) AS BIGINT) AS fee,
    sum(fee_square) AS fee_square
FROM part GROUP BY level1
UNION ALL
SELECT 2 AS tree_level, level2 AS node, CAST(sum(n) AS BIGINT) AS n, CAST(sum(fee) AS BIGINT) AS fee,
    sum(fee_square) AS fee_square
FROM part GROUP BY level2
UNION ALL
SELECT 3 AS tree_level, dip_code AS node, CAST(sum(n) AS BIGINT) AS n, CAST(sum(fee) AS BIGINT) AS fee,
    sum(fee_square) AS fee_square
FROM part GROUP BY dip_code
