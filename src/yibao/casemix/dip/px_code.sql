-- grain: oprn_code
-- inputs: case_px, px_kind, px_exclusion
-- params: exclude_by_prefix
-- source: DIP 技术规范 综合病种 attribute table (longest prefix wins) and the list of procedures unfit for grouping; exact or prefix match is a local reading
-- note: a code that the attribute table lacks counts as 内科诊疗 (A.3.8: otherwise); two exclusion rules on one procedure: the stricter holds (conservative, then scope, then not_principal). px_no numbers the codes for joins and means nothing else
WITH code AS (
    SELECT DISTINCT oprn_code FROM case_px
),
kind AS (
    SELECT
        c.oprn_code,
        k.px_kind,
        row_number() OVER (PARTITION BY c.oprn_code ORDER BY length(k.prefix) DESC, k.prefix) AS nth
    FROM code AS c
    JOIN px_kind AS k ON substr(c.oprn_code, 1, length(k.prefix)) = k.prefix
),
excluded AS (
    SELECT
        c.oprn_code,
        e.effect,
        e.code AS listed_code,
        row_number() OVER (
            PARTITION BY c.oprn_code
            ORDER BY CASE e.effect WHEN 'conservative' THEN 1 WHEN 'scope' THEN 2 ELSE 3 END, e.code
        ) AS nth
    FROM code AS c
    JOIN px_exclusion AS e
        ON c.oprn_code = e.code OR ($exclude_by_prefix = 1 AND substr(c.oprn_code, 1, length(e.code)) = e.code)
)
SELECT
    c.oprn_code,
    row_number() OVER (ORDER BY c.oprn_code) AS px_no,
    coalesce(k.px_kind, '内科诊疗') AS px_kind,
    coalesce(e.effect, 'none') AS effect,
    coalesce(e.listed_code, '') AS listed_code
FROM code AS c
LEFT JOIN kind AS k ON k.oprn_code = c.oprn_code AND k.nth = 1
LEFT JOIN excluded AS e ON e.oprn_code = c.oprn_code AND e.nth = 1
