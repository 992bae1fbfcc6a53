-- grain: limit_no
-- inputs: limit_cell, catalogue_span
-- params: -
-- source: RULEBOOK §3b 限定支付: the rows of a version of an item are alternatives, the cells of a row must all hold
SELECT v.version_no, c.*
FROM limit_cell AS c
JOIN catalogue_span AS v ON v.med_list_codg = c.med_list_codg AND v.begndate = c.begndate AND v.state = 0
