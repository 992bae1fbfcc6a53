-- grain: px
-- inputs: case_main
-- params: -
-- source: the attribute table through the cases: one kind for each principal procedure, 内科诊疗 for none
SELECT px, min(px_kind) AS px_kind FROM case_main GROUP BY px
