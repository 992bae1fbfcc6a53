-- grain: setl_id, feedetl_sn
-- inputs: limit_line, limit_row, limit_dx_met, limit_prior_met, claim_herbs
-- params: -
-- source: RULEBOOK §3b 限定支付: fail → 丙 for that line
-- note: an unknown sex, age, level or diagnosis fails the predicate that asks for it; where no alternative holds, the one with the fewest failures is named by its first failing predicate
WITH tested AS (
    SELECT
        x.setl_id, x.feedetl_sn, r.seq,
        CASE WHEN r.gend IS NULL OR r.gend = x.gend THEN 0 ELSE 1 END AS f_gend,
        CASE
            WHEN (r.age_min IS NULL OR x.age >= r.age_min) AND (r.age_max IS NULL OR x.age <= r.age_max) THEN 0
            ELSE 1
        END AS f_age,
        CASE WHEN r.has_dx = 0 OR d.limit_no IS NOT NULL THEN 0 ELSE 1 END AS f_dx,
        CASE WHEN r.hosp_lv IS NULL OR strpos(r.hosp_lv, '|' || x.hosp_lv || '|') > 0 THEN 0 ELSE 1 END AS f_lv,
        CASE WHEN r.insutype IS NULL OR strpos(r.insutype, '|' || x.insutype || '|') > 0 THEN 0 ELSE 1 END AS f_insu,
        CASE WHEN r.med_type IS NULL OR strpos(r.med_type, '|' || x.med_type || '|') > 0 THEN 0 ELSE 1 END AS f_type,
        CASE WHEN r.dise IS NULL OR strpos(r.dise, '|' || x.dise_codg || '|') > 0 THEN 0 ELSE 1 END AS f_dise,
        CASE WHEN r.has_prior = 0 OR p.limit_no IS NOT NULL THEN 0 ELSE 1 END AS f_prior,
        CASE WHEN r.compound = 0 OR h.herbs >= 2 THEN 0 ELSE 1 END AS f_compound
    FROM limit_line AS x
    JOIN limit_row AS r ON r.version_no = x.version_no
    LEFT JOIN limit_dx_met AS d ON d.dx = x.dx AND d.limit_no = r.limit_no
    LEFT JOIN limit_prior_met AS p
        ON p.setl_id = x.setl_id AND p.feedetl_sn = x.feedetl_sn AND p.limit_no = r.limit_no
    LEFT JOIN claim_herbs AS h ON h.setl_id = x.setl_id
),
ranked AS (
    SELECT
        setl_id, feedetl_sn,
        min(
            (f_gend + f_age + f_dx + f_lv + f_insu + f_type + f_dise + f_prior + f_compound) * 1000000 + seq * 100
            + CASE
                WHEN f_gend = 1 THEN 22
                WHEN f_age = 1 THEN 23
                WHEN f_dx = 1 THEN 24
                WHEN f_lv = 1 THEN 25
                WHEN f_insu = 1 THEN 26
                WHEN f_type = 1 THEN 27
                WHEN f_dise = 1 THEN 28
                WHEN f_prior = 1 THEN 29
                WHEN f_compound = 1 THEN 30
                ELSE 0
            END
        ) AS best
    FROM tested
    GROUP BY setl_id, feedetl_sn
)
SELECT
    x.setl_id, x.feedetl_sn, x.version_no, x.med_list_codg, x.psn_no, x.stay, x.day, x.cnt, x.prd_days,
    CASE WHEN k.best IS NULL THEN 31 ELSE k.best % 100 END AS reason,
    CASE WHEN k.best < 1000000 THEN idiv(k.best, 100) END AS seq
FROM limit_line AS x
LEFT JOIN ranked AS k ON k.setl_id = x.setl_id AND k.feedetl_sn = x.feedetl_sn
