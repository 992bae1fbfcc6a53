-- grain: src_file, src_row
-- inputs: fee_lines, claims
-- params: -
-- source: the grain of claims and fee_lines: a line belongs to a settlement (2204: setl_id)
SELECT
    'line_without_claim' AS code, l.src_file, l.src_row, 'setl_id' AS place, l.setl_id AS written,
    l.setl_id || '/' || l.feedetl_sn AS item
FROM fee_lines AS l
LEFT JOIN claims AS c ON c.setl_id = l.setl_id
WHERE c.setl_id IS NULL
