-- grain: cert_key, month_no
-- inputs: cover, persons, certno, month_day
-- params: first_day, last_day
-- source: RULEBOOK §1d: the same person with cover in two pools in one month is DUP_ENROL, listing both
-- note: a person is known by the identity number where there is one, so that two personal numbers of one person are found too
WITH known AS (
    SELECT p.psn_no, min(c.cert_key) AS cert_key
    FROM persons AS p
    JOIN certno AS c ON c.certno = p.certno
    WHERE c.cert_key <> ''
    GROUP BY p.psn_no
),
held AS (
    SELECT
        coalesce(k.cert_key, c.psn_no) AS cert_key,
        c.psn_no,
        c.insutype,
        c.insuplc_admdvs,
        greatest(c.begndate, $first_day) AS begndate,
        least(c.enddate, $last_day) AS enddate
    FROM cover AS c
    LEFT JOIN known AS k ON k.psn_no = c.psn_no
    WHERE c.cover_stas = 'covered' AND c.begndate <= $last_day AND c.enddate >= $first_day
),
several AS (
    SELECT cert_key FROM held GROUP BY cert_key HAVING min(insuplc_admdvs) <> max(insuplc_admdvs)
),
monthly AS (
    SELECT DISTINCT h.cert_key, m.month_no, h.psn_no, h.insutype, h.insuplc_admdvs
    FROM held AS h
    JOIN several AS s ON s.cert_key = h.cert_key
    JOIN month_day AS m ON m.first_day <= h.enddate AND m.last_day >= h.begndate
)
SELECT
    cert_key,
    month_no,
    min(psn_no) AS psn_no,
    string_agg(
        insuplc_admdvs || '/' || insutype || '/' || psn_no, '|' ORDER BY insuplc_admdvs, insutype, psn_no
    ) AS places
FROM monthly
GROUP BY cert_key, month_no
HAVING min(insuplc_admdvs) <> max(insuplc_admdvs)
