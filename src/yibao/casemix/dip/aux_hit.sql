-- grain: case_no
-- inputs: aux_case, aux_choice
-- params: -
-- source: DIP 3.0 draft ch.5 s.2: of several auxiliary types of a case the one with the highest trigger coefficient
-- note: nth ranks the types of a group by trigger coefficient, then by the law's order of kinds; aux is the coefficient in 10⁻⁴
WITH best AS (
    SELECT c.case_no, c.group_no, min(t.nth) AS nth
    FROM aux_case AS c
    JOIN aux_choice AS t ON t.group_no = c.group_no AND t.type_no = c.type_no
    GROUP BY c.case_no, c.group_no
)
SELECT b.case_no, t.aux_kind, t.aux_type, t.coefficient AS aux
FROM best AS b
JOIN aux_choice AS t ON t.group_no = b.group_no AND t.nth = b.nth
