-- grain: the columns of a context
-- inputs: claim_fact
-- params: -
-- source: docs/internals/benefit.md: the distinct contexts of a city's claims, each with its span of law
SELECT
    cover_outcome, known_place, insutype, psn_type, clct_way, kind, hosp_lv, fixmedins_type, point, access, contract,
    dise_codg, offsite, region, identity, cvlserv_flag, approved, span_no,
    count(*) AS claims, min(claim_no) AS example
FROM claim_fact
GROUP BY
    cover_outcome, known_place, insutype, psn_type, clct_way, kind, hosp_lv, fixmedins_type, point, access, contract,
    dise_codg, offsite, region, identity, cvlserv_flag, approved, span_no
