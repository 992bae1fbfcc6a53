-- grain: setl_id, feedetl_sn
-- inputs: care_line, claims, providers, care_day, prescriptions, line_net
-- params: -
-- source: RULEBOOK §3b: 双通道外配 needs a prescription: drug and dose match, within its valid days (the day of issue is the first), checked, not revoked
-- note: what is left of a prescription depends on the order of sales and is decided at the counter (yibao.catalogue.rx); here one line may not exceed the whole
WITH asked AS (
    SELECT
        l.setl_id, l.feedetl_sn, l.med_list_codg, l.day, c.psn_no,
        coalesce(l.rxno, c.rxno) AS rxno, l.sin_dos_dscr, coalesce(n.cnt, l.cnt) AS cnt, t.rx_days, t.rx_days_chronic
    FROM care_line AS l
    JOIN claims AS c ON c.setl_id = l.setl_id
    JOIN care_day AS t ON t.day = l.day
    LEFT JOIN providers AS p ON p.fixmedins_code = c.fixmedins_code
    LEFT JOIN line_net AS n ON n.setl_id = l.setl_id AND n.feedetl_sn = l.feedetl_sn
    WHERE ((l.channel = 1 AND t.rx_special = 1) OR (l.channel = 2 AND t.rx_negotiated = 1))
        AND (c.med_type = '41' OR p.fixmedins_type = '2')
),
numbers AS (
    SELECT DISTINCT rxno FROM prescriptions
),
drugs AS (
    SELECT
        r.*,
        row_number() OVER (PARTITION BY r.rxno, r.med_list_codg ORDER BY r.rx_time, r.psn_no, r.cnt) AS nth
    FROM prescriptions AS r
),
judged AS (
    SELECT
        q.setl_id, q.feedetl_sn,
        CASE
            WHEN q.rxno IS NULL THEN 13
            WHEN k.rxno IS NULL THEN 14
            WHEN r.rxno IS NULL THEN 16
            WHEN r.psn_no <> q.psn_no THEN 15
            WHEN r.sin_dos_dscr <> q.sin_dos_dscr THEN 17
            WHEN r.rx_state = 'issued' THEN 18
            WHEN r.rx_state = 'revoked' THEN 19
            WHEN q.day < CAST(r.rx_time AS DATE) THEN 20
            WHEN date_diff('day', CAST(r.rx_time AS DATE), q.day)
                >= coalesce(r.vali_days, CASE r.rx_kind WHEN 'chronic' THEN q.rx_days_chronic ELSE q.rx_days END)
                THEN 20
            WHEN q.cnt > r.cnt THEN 21
            ELSE 0
        END AS reason
    FROM asked AS q
    LEFT JOIN numbers AS k ON k.rxno = q.rxno
    LEFT JOIN drugs AS r ON r.rxno = q.rxno AND r.med_list_codg = q.med_list_codg AND r.nth = 1
)
SELECT setl_id, feedetl_sn, reason FROM judged WHERE reason > 0
