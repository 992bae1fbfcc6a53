-- grain: the columns of a context
-- inputs: claim_fact, law_span
-- params: -
-- source: docs/internals/benefit.md: the distinct contexts of a city's claims, each with its span of law
SELECT
    f.cover_outcome, f.known_place, f.insutype, f.psn_type, f.clct_way, f.kind, f.hosp_lv, f.fixmedins_type, f.point,
    f.access, f.contract, CASE WHEN f.kind IN ('chronic', 'two_diseases') THEN f.dise_codg ELSE '' END AS dise_codg,
    f.offsite, f.region, f.identity, f.cvlserv_flag,
    CASE WHEN f.kind IN ('chronic', 'two_diseases') THEN f.approved ELSE '1' END AS approved,
    s.span_no, count(*) AS claims, min(f.setl_id) AS example
FROM claim_fact AS f
LEFT JOIN law_span AS s ON f.law_day >= s.from_day AND f.law_day <= s.until_day
GROUP BY
    f.cover_outcome, f.known_place, f.insutype, f.psn_type, f.clct_way, f.kind, f.hosp_lv, f.fixmedins_type, f.point,
    f.access, f.contract, CASE WHEN f.kind IN ('chronic', 'two_diseases') THEN f.dise_codg ELSE '' END,
    f.offsite, f.region, f.identity, f.cvlserv_flag,
    CASE WHEN f.kind IN ('chronic', 'two_diseases') THEN f.approved ELSE '1' END, s.span_no
