-- grain: claim_no
-- inputs: claim_fact, claim_day, context_place, claim_total
-- params: -
-- source: docs/internals/benefit.md: each claim with the number of its context and the place of its terms in the plan; refused claims have place -1 and the outcome, by its precedence
SELECT
    f.claim_no, p.context_no,
    CASE WHEN p.place < 0 OR l.negative = 1 OR coalesce(l.total, 0) <> c.medfee_sumamt THEN -1 ELSE p.place END AS place,
    CASE WHEN l.negative = 1 THEN 'negative_line'
        WHEN coalesce(l.total, 0) <> c.medfee_sumamt THEN 'lines_do_not_sum'
        WHEN p.place < 0 THEN p.outcome ELSE '' END AS refused
FROM claim_fact AS f
JOIN claim_day AS c ON c.claim_no = f.claim_no
JOIN context_place AS p
    ON p.cover_outcome = f.cover_outcome AND p.known_place = f.known_place AND p.insutype = f.insutype
    AND p.psn_type = f.psn_type AND p.clct_way = f.clct_way AND p.kind = f.kind AND p.hosp_lv = f.hosp_lv
    AND p.fixmedins_type = f.fixmedins_type AND p.point = f.point AND p.access = f.access AND p.contract = f.contract
    AND p.dise_codg = f.dise_codg AND p.offsite = f.offsite AND p.region = f.region AND p.identity = f.identity
    AND p.cvlserv_flag = f.cvlserv_flag AND p.approved = f.approved AND p.span_no = f.span_no
LEFT JOIN claim_total AS l ON l.claim_no = f.claim_no
