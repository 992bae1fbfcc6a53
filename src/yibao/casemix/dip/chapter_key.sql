-- grain: dx, px_rubric, px_kind
-- inputs: case_main
-- params: composite_min
-- source: RULEBOOK 4b.3 last fallback: chapter × kind; a procedure category (ICD-9-CM-3 亚目) with enough cases stands apart
-- note: counted over all cases of the chapter, not only those left over: a fallback that few cases reach still has a steady mean
SELECT chapter AS dx, px_rubric, min(px_kind) AS px_kind, count(*) AS n
FROM case_main
WHERE px_rubric <> '' AND chapter <> '' AND dx_barred = ''
GROUP BY chapter, px_rubric
HAVING count(*) >= $composite_min
UNION ALL
SELECT chapter AS dx, '' AS px_rubric, px_kind, count(*) AS n
FROM case_main
WHERE chapter <> '' AND dx_barred = ''
GROUP BY chapter, px_kind
