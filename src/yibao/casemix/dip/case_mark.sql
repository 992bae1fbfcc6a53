-- grain: case_no
-- inputs: aux_stay, case_dx, dx_mark
-- params: -
-- source: DIP 3.0 draft ch.5 s.2 and Charlson 1987: the score is the sum of one weight a category over the other diagnoses
-- note: tumour_first and tumour_last are the first and last malignant 3-character category among the other diagnoses
WITH marked AS (
    SELECT x.case_no, m.mark, m.category, max(m.weight) AS weight
    FROM case_dx AS x
    JOIN aux_stay AS s ON s.case_no = x.case_no
    JOIN dx_mark AS m ON m.diag_code = x.diag_code
    WHERE x.seq > 1
    GROUP BY x.case_no, m.mark, m.category
)
SELECT
    case_no,
    CAST(sum(CASE WHEN mark = 'cci' THEN weight ELSE 0 END) AS BIGINT) AS cci,
    max(CASE WHEN mark = 'severe' THEN 1 ELSE 0 END) AS severe,
    max(CASE WHEN mark = 'moderate' THEN 1 ELSE 0 END) AS moderate,
    min(CASE WHEN mark = 'tumour' THEN category END) AS tumour_first,
    max(CASE WHEN mark = 'tumour' THEN category END) AS tumour_last
FROM marked
GROUP BY case_no
