-- grain: setl_id, feedetl_sn, limit_no
-- inputs: limit_line, limit_row, limit_prior, prior_line, claims, line_net
-- params: -
-- source: RULEBOOK §3b line of therapy: another item was charged to the person on an earlier day, and not given back since
WITH reversed AS (
    SELECT DISTINCT init_setl_id FROM claims WHERE refd_setl_flag = '1' AND init_setl_id IS NOT NULL
),
used AS (
    SELECT DISTINCT c.psn_no, l.med_list_codg, l.day
    FROM prior_line AS l
    JOIN claims AS c ON c.setl_id = l.setl_id
    LEFT JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
    LEFT JOIN reversed AS r ON r.init_setl_id = l.setl_id
    WHERE coalesce(n.cnt, l.cnt) > 0 AND coalesce(c.refd_setl_flag, '0') <> '1' AND r.init_setl_id IS NULL
)
SELECT DISTINCT x.setl_id, x.feedetl_sn, r.limit_no
FROM limit_line AS x
JOIN limit_row AS r ON r.version_no = x.version_no
JOIN limit_prior AS p ON p.limit_no = r.limit_no
JOIN used AS u ON u.psn_no = x.psn_no AND u.med_list_codg = p.med_list_codg
WHERE u.day < x.day AND (r.prior_days IS NULL OR date_diff('day', u.day, x.day) <= r.prior_days)
