-- grain: claim_no
-- inputs: claim_day, entitlement, claim_point, person_contract, claim_approval, claim_filing, claim_identity, identity_rank, two_diseases, law_span
-- params: -
-- source: docs/internals/benefit.md: the context of a claim
-- note: claims that are no reversals, and nothing but their context; an insurance that the claim names but the cover does not have makes it not enrolled
WITH known AS (
    SELECT
        c.claim_no, c.law_day, c.known_place, c.hosp_lv, c.fixmedins_type, c.region, c.dise_codg,
        CASE WHEN c.named_insutype IN ('310', '390') AND c.named_insutype <> e.insutype AND e.outcome = 'covered'
            THEN 'not_enrolled' ELSE coalesce(e.outcome, 'not_enrolled') END AS cover_outcome,
        coalesce(e.insutype, '') AS insutype,
        substr(coalesce(e.psn_type, ''), 1, 2) AS psn_type,
        coalesce(e.clct_way, '') AS clct_way,
        CASE WHEN c.kind = 'chronic' AND t.dise_codg IS NOT NULL THEN 'two_diseases' ELSE c.kind END AS kind,
        CASE WHEN c.er_flag = '1' OR c.med_type IN ('13', '24') THEN 'emergency' WHEN c.refl_no <> '' THEN 'referral'
            ELSE 'direct' END AS access,
        CASE WHEN e.psn_type IN ('1102', '1202') THEN '1' ELSE '0' END AS cvlserv_flag
    FROM claim_day AS c
    LEFT JOIN entitlement AS e ON e.psn_no = c.psn_no AND e.day = c.law_day
    LEFT JOIN two_diseases AS t ON t.insutype = e.insutype AND t.dise_codg = c.dise_codg
    WHERE c.refd_setl_flag <> '1'
)
SELECT
    c.claim_no, c.cover_outcome, c.known_place, c.insutype, c.psn_type, c.clct_way, c.kind, c.hosp_lv,
    c.fixmedins_type, coalesce(q.point, 'none') AS point, c.access,
    CASE d.contract WHEN 2 THEN 'performed' WHEN 1 THEN 'signed' ELSE 'none' END AS contract,
    CASE WHEN c.kind IN ('chronic', 'two_diseases') THEN c.dise_codg ELSE '' END AS dise_codg,
    CASE WHEN c.region = 'city' THEN 'none' WHEN f.filing = 1 THEN 'resident' WHEN f.filing = 2 THEN 'emergency'
        WHEN f.filing = 3 THEN 'referral' WHEN f.filing = 4 THEN 'filed_late'
        WHEN c.access = 'emergency' THEN 'emergency' ELSE 'unfiled' END AS offsite,
    c.region, coalesce(r.psn_idet_type, 'none') AS identity, c.cvlserv_flag,
    CASE WHEN c.kind IN ('chronic', 'two_diseases') AND a.claim_no IS NULL THEN '0' ELSE '1' END AS approved,
    s.span_no
FROM known AS c
LEFT JOIN claim_point AS q ON q.claim_no = c.claim_no
LEFT JOIN person_contract AS d ON d.claim_no = c.claim_no
LEFT JOIN claim_approval AS a ON a.claim_no = c.claim_no
LEFT JOIN claim_filing AS f ON f.claim_no = c.claim_no
LEFT JOIN claim_identity AS i ON i.claim_no = c.claim_no
LEFT JOIN identity_rank AS r ON r.nth = i.nth
LEFT JOIN law_span AS s ON c.law_day >= s.from_day AND c.law_day <= s.until_day
