-- grain: setl_id
-- inputs: numbered_claims, providers, kind_span, repriced
-- params: city, province
-- source: RULEBOOK §0 (2): law by the day of service for outpatients, of discharge for stays, as the law says; docs/internals/benefit.md
-- note: region is city, province or country by the institution's 医保区划; a claim without a kind has kind ''
WITH dated AS (
    SELECT
        c.claim_no, c.setl_id, coalesce(c.mdtrt_id, '') AS mdtrt_id, coalesce(c.insutype, '') AS named_insutype,
        c.psn_no, c.fixmedins_code, c.med_type, c.setl_time,
        coalesce(c.dise_codg, '') AS dise_codg, c.medfee_sumamt, coalesce(c.er_flag, '0') AS er_flag,
        coalesce(c.refl_no, '') AS refl_no, coalesce(c.refd_setl_flag, '0') AS refd_setl_flag,
        coalesce(c.init_setl_id, '') AS init_setl_id,
        coalesce(r.setl_day, CAST(c.setl_time AS DATE)) AS setl_day,
        coalesce(c.begndate, r.setl_day, CAST(c.setl_time AS DATE)) AS begn_day,
        coalesce(c.enddate, r.setl_day, CAST(c.setl_time AS DATE)) AS end_day
    FROM numbered_claims AS c
    LEFT JOIN repriced AS r ON r.setl_id = c.setl_id
)
SELECT
    d.claim_no, d.setl_id, d.mdtrt_id, d.named_insutype, d.psn_no, d.fixmedins_code, d.med_type, d.setl_time,
    d.dise_codg, d.medfee_sumamt,
    d.er_flag, d.refl_no, d.refd_setl_flag, d.init_setl_id, d.begn_day, d.end_day,
    coalesce(k.kind, '') AS kind,
    CASE WHEN k.law_day IN ('admission', 'service') THEN d.begn_day WHEN k.law_day = 'discharge' THEN d.end_day
        ELSE d.setl_day END AS law_day,
    CAST(year(CASE WHEN k.year_of IN ('admission', 'service') THEN d.begn_day WHEN k.year_of = 'discharge' THEN d.end_day
        ELSE d.setl_day END) AS INTEGER) AS benefit_year,
    CASE WHEN p.fixmedins_code IS NULL THEN 0 ELSE 1 END AS known_place,
    coalesce(p.hosp_lv, '') AS hosp_lv, coalesce(p.fixmedins_type, '1') AS fixmedins_type,
    CASE
        WHEN p.admdvs IS NULL OR substr(p.admdvs, 1, 4) = substr($city, 1, 4) THEN 'city'
        WHEN substr(p.admdvs, 1, 2) = $province THEN 'province'
        ELSE 'country'
    END AS region
FROM dated AS d
LEFT JOIN kind_span AS k ON k.med_type = d.med_type AND d.setl_day >= k.from_day AND d.setl_day <= k.until_day
LEFT JOIN providers AS p ON p.fixmedins_code = d.fixmedins_code
