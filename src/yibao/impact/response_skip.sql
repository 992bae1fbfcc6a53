-- grain: setl_id
-- inputs: claims
-- params: -
-- source: docs/internals/simulate.md: what is taken back, what takes it back and what is priced anew after it stay as they are: together they come to what was left
SELECT setl_id FROM claims WHERE refd_setl_flag = '1'
UNION
SELECT setl_id || '.1' AS setl_id FROM claims WHERE refd_setl_flag = '1'
UNION
SELECT init_setl_id AS setl_id FROM claims WHERE refd_setl_flag = '1' AND init_setl_id <> ''
