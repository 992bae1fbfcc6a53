-- grain: code, item
-- inputs: fee_lines
-- params: -
-- source: the grain of fee_lines: a line number is unique within its settlement (2204: feedetl_sn)
SELECT
    'line_duplicate' AS code, max(src_file) AS src_file, max(src_row) AS src_row, 'feedetl_sn' AS place,
    feedetl_sn AS written, setl_id || '/' || feedetl_sn AS item
FROM fee_lines
GROUP BY setl_id, feedetl_sn
HAVING count(*) > 1
