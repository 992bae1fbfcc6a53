-- grain: setl_id
-- inputs: claim_fact, law_span, context_place, claim_total
-- params: -
-- source: docs/internals/benefit.md: each claim with the place of its terms in the plan; refused claims have place -1 and the outcome, by its precedence
WITH spanned AS (
    SELECT
        f.*,
        CASE WHEN f.kind IN ('chronic', 'two_diseases') THEN f.dise_codg ELSE '' END AS asked_dise,
        CASE WHEN f.kind IN ('chronic', 'two_diseases') THEN f.approved ELSE '1' END AS asked_approved,
        s.span_no
    FROM claim_fact AS f
    LEFT JOIN law_span AS s ON f.law_day >= s.from_day AND f.law_day <= s.until_day
)
SELECT
    f.claim_no, f.setl_id, f.mdtrt_id, f.psn_no, f.fixmedins_code, f.med_type, f.setl_time, f.medfee_sumamt, f.benefit_year,
    f.insutype, f.psn_type, f.kind, f.law_day,
    CASE WHEN p.place < 0 OR l.negative = 1 OR coalesce(l.total, 0) <> f.medfee_sumamt THEN -1 ELSE p.place END
        AS place,
    CASE WHEN l.negative = 1 THEN 'negative_line'
        WHEN coalesce(l.total, 0) <> f.medfee_sumamt THEN 'lines_do_not_sum'
        WHEN p.place < 0 THEN p.outcome ELSE '' END AS refused
FROM spanned AS f
JOIN context_place AS p
    ON p.cover_outcome = f.cover_outcome AND p.known_place = f.known_place AND p.insutype = f.insutype
    AND p.psn_type = f.psn_type AND p.clct_way = f.clct_way AND p.kind = f.kind AND p.hosp_lv = f.hosp_lv
    AND p.fixmedins_type = f.fixmedins_type AND p.point = f.point AND p.access = f.access AND p.contract = f.contract
    AND p.dise_codg = f.asked_dise AND p.offsite = f.offsite AND p.region = f.region AND p.identity = f.identity
    AND p.cvlserv_flag = f.cvlserv_flag AND p.approved = f.asked_approved AND p.span_no = f.span_no
LEFT JOIN claim_total AS l ON l.claim_no = f.claim_no
