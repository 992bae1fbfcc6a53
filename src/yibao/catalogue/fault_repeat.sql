-- grain: code, item
-- inputs: maybe_repeated
-- params: -
-- note: looks only at lines that share a hash with another
-- source: the grain of fee_lines: a line number is unique within its settlement (2204: feedetl_sn)
SELECT
    'line_duplicate' AS code, max(src_file) AS src_file, max(src_row) AS src_row, 'feedetl_sn' AS place,
    feedetl_sn AS written, setl_id || '/' || feedetl_sn AS item
FROM maybe_repeated
GROUP BY setl_id, feedetl_sn
HAVING count(*) > 1
