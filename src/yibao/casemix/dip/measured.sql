-- grain: setl_id, dip_code
-- inputs: member, stay, trim_bound
-- params: by_group
-- source: DIP 3.0 draft ch.5 s.4: which cases count towards a mean after trimming (bounds inclusive)
SELECT
    m.dip_code,
    m.own,
    s.hosp_lv,
    s.dscg_year,
    s.medfee_sumamt AS fee,
    CASE WHEN t.trim_key IS NULL OR (s.medfee_sumamt * 1000 >= t.low AND s.medfee_sumamt * 1000 <= t.high)
        THEN 1 ELSE 0 END AS kept
FROM member AS m
JOIN stay AS s ON s.setl_id = m.setl_id
LEFT JOIN trim_bound AS t ON t.trim_key = CASE WHEN $by_group = 1 THEN m.dip_code ELSE '' END
