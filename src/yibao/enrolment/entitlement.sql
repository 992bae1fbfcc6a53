-- grain: psn_no, day
-- inputs: asked, cover, person_fact
-- params: -
-- source: RULEBOOK §1d, §2.1 (1): the answer for each person and day, by the order of precedence of CoverOutcome
-- note: spells are numbered by insurance, pool and start, so the smallest number of the best rank is the answer; in a spell one interval holds on a day
WITH live AS (
    SELECT
        a.psn_no,
        a.day,
        min(
            CASE
                WHEN c.cover_stas IS NULL THEN NULL
                WHEN c.cover_stas = 'covered' AND a.day >= c.pay_from THEN 0
                WHEN c.cover_stas = 'covered' THEN 1
                WHEN c.cover_stas = 'arrears' THEN 2
                ELSE 3
            END * 1000000000000 + c.spell_no
        ) AS best,
        min(CASE WHEN c.cover_stas = 'covered' THEN c.insuplc_admdvs END) AS low,
        max(CASE WHEN c.cover_stas = 'covered' THEN c.insuplc_admdvs END) AS high
    FROM asked AS a
    LEFT JOIN cover AS c ON c.psn_no = a.psn_no AND a.day BETWEEN c.begndate AND c.enddate
    WHERE a.psn_no IS NOT NULL AND a.day IS NOT NULL
    GROUP BY a.psn_no, a.day
),
judged AS (
    SELECT
        l.psn_no,
        l.day,
        l.best % 1000000000000 AS spell_no,
        l.low,
        l.high,
        CASE
            WHEN l.day < f.brdy THEN 'before_birth'
            WHEN l.day > f.die_date THEN 'dead'
            WHEN l.low <> l.high THEN 'duplicate_enrolment'
            WHEN l.best < 1000000000000 THEN 'covered'
            WHEN l.best < 2000000000000 THEN 'waiting'
            WHEN l.best < 3000000000000 THEN 'arrears'
            WHEN l.best IS NOT NULL THEN 'suspended'
            ELSE 'not_enrolled'
        END AS outcome
    FROM live AS l
    LEFT JOIN person_fact AS f ON f.psn_no = l.psn_no
)
SELECT
    j.psn_no,
    j.day,
    j.outcome,
    coalesce(c.insutype, '') AS insutype,
    coalesce(c.insuplc_admdvs, '') AS insuplc_admdvs,
    coalesce(c.psn_type, '') AS psn_type,
    coalesce(c.clct_way, '') AS clct_way,
    c.begndate,
    c.enddate,
    c.pay_from,
    CASE
        WHEN j.outcome <> 'duplicate_enrolment' THEN ''
        WHEN c.insuplc_admdvs = j.low THEN j.high
        ELSE j.low
    END AS other_admdvs
FROM judged AS j
LEFT JOIN cover AS c
    ON c.spell_no = j.spell_no AND j.day BETWEEN c.begndate AND c.enddate
    AND j.outcome NOT IN ('before_birth', 'dead')
