-- grain: setl_id, feedetl_sn
-- inputs: refused_place, refused_special, refused_rx, limit_result
-- params: -
-- source: the order of reasons in yibao.catalogue.reasons: of several the first counts
SELECT setl_id, feedetl_sn, min(reason) AS reason
FROM (
    SELECT setl_id, feedetl_sn, reason FROM refused_place
    UNION ALL
    SELECT setl_id, feedetl_sn, reason FROM refused_special
    UNION ALL
    SELECT setl_id, feedetl_sn, reason FROM refused_rx
    UNION ALL
    SELECT setl_id, feedetl_sn, reason FROM limit_result WHERE reason > 0
) AS every
GROUP BY setl_id, feedetl_sn
