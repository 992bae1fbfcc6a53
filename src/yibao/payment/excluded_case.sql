-- grain: case_no
-- inputs: loaded_cases_numbered, excluded_fees, excluded_items
-- params: -
-- source: 医保发〔2025〕18号 新药新技术: fees of items that stand on the list on the day of discharge, summed over a case; S0 除外支付
-- note: fen; a case whose listed fees exceed its whole fee is a finding of the caller, and nothing of it is taken out
WITH line AS (
    SELECT DISTINCT c.case_no, c.medfee_sumamt, f.med_list_codg, f.item_amount
    FROM excluded_fees AS f
    JOIN loaded_cases_numbered AS c ON c.setl_id = f.setl_id
    JOIN excluded_items AS i
        ON i.med_list_codg = f.med_list_codg
        AND i.valid_from <= c.dscg_date
        AND coalesce(i.valid_until, c.dscg_date) >= c.dscg_date
)
SELECT case_no, CAST(sum(item_amount) AS BIGINT) AS excluded
FROM line
GROUP BY case_no, medfee_sumamt
HAVING sum(item_amount) <= medfee_sumamt
