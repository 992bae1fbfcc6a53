-- grain: med_list_codg, pays_deny, pays_allow
-- inputs: fee_lines, claims, providers, catalogue_span, consumable_deny, consumable_allow, line_net
-- params: -
-- source: RULEBOOK §3b: the difference in money between 排除法 and 准入法 over what was charged, each line on its own day
-- note: scope is the in-scope part that yibao.catalogue.scope gives a line without counters, in 10⁻⁶ 元: min(price, limit) × count × (1 − first share)
WITH charged AS (
    SELECT
        l.med_list_codg, CAST(l.fee_ocur_time AS DATE) AS day, l.pric, v.share_ppm,
        coalesce(n.cnt, l.cnt) AS cnt,
        coalesce(n.amount, l.det_item_fee_sumamt) AS amount,
        coalesce(
            CASE p.hosp_lv WHEN '1' THEN v.limit_lv1 WHEN '2' THEN v.limit_lv2 WHEN '3' THEN v.limit_lv3
                ELSE v.limit_any END,
            l.pric
        ) AS most
    FROM fee_lines AS l
    JOIN catalogue_span AS v
        ON v.med_list_codg = l.med_list_codg
        AND CAST(l.fee_ocur_time AS DATE) >= v.from_day AND CAST(l.fee_ocur_time AS DATE) <= v.until_day
    JOIN claims AS c ON c.setl_id = l.setl_id
    LEFT JOIN providers AS p ON p.fixmedins_code = c.fixmedins_code
    LEFT JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
    WHERE v.list_type = '301' AND v.cls < 3 AND coalesce(c.refd_setl_flag, '0') <> '1'
        AND coalesce(n.kind, 0) = 0 AND coalesce(n.cnt, l.cnt) > 0 AND coalesce(n.amount, l.det_item_fee_sumamt) > 0
),
days AS (
    SELECT DISTINCT med_list_codg, day FROM charged
),
denied AS (
    SELECT DISTINCT s.med_list_codg, s.day
    FROM days AS s
    JOIN consumable_deny AS d
        ON d.med_list_codg = s.med_list_codg AND s.day >= d.begndate
        AND s.day <= coalesce(d.enddate, DATE '9999-12-31')
),
allowed AS (
    SELECT DISTINCT s.med_list_codg, s.day
    FROM days AS s
    JOIN consumable_allow AS a
        ON a.med_list_codg = s.med_list_codg AND s.day >= a.begndate
        AND s.day <= coalesce(a.enddate, DATE '9999-12-31')
),
over_limit AS (
    SELECT
        c.*,
        CAST(c.amount AS DECIMAL(38, 0)) * 10000 - CASE
            WHEN c.pric > c.most THEN idiv(
                2 * least(
                    CAST(c.pric - c.most AS DECIMAL(38, 0)) * CAST(c.cnt AS DECIMAL(38, 0)),
                    CAST(c.amount AS DECIMAL(38, 0)) * 10000000000
                ) + 1000000,
                2000000
            )
            ELSE 0
        END AS within_micro
    FROM charged AS c
)
SELECT
    o.med_list_codg,
    CASE WHEN d.med_list_codg IS NULL THEN 1 ELSE 0 END AS pays_deny,
    CASE WHEN a.med_list_codg IS NULL THEN 0 ELSE 1 END AS pays_allow,
    count(*) AS n,
    CAST(sum(o.amount) AS BIGINT) AS amount_fen,
    sum(
        CAST(o.within_micro AS DECIMAL(38, 0))
        - idiv(2 * CAST(o.within_micro AS DECIMAL(38, 0)) * o.share_ppm + 1000000, 2000000)
    ) AS scope_micro
FROM over_limit AS o
LEFT JOIN denied AS d ON d.med_list_codg = o.med_list_codg AND d.day = o.day
LEFT JOIN allowed AS a ON a.med_list_codg = o.med_list_codg AND a.day = o.day
GROUP BY
    o.med_list_codg,
    CASE WHEN d.med_list_codg IS NULL THEN 1 ELSE 0 END,
    CASE WHEN a.med_list_codg IS NULL THEN 0 ELSE 1 END
