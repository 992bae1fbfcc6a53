-- grain: law_no, seq
-- inputs: sim_law, sim_single, impact_total
-- params: -
-- source: docs/internals/simulate.md: each changed key alone (单项), what they do together beyond the sum (交互项), what people do otherwise (行为反应), the whole (合计)
-- note: signed changes of each fund and of the burden; a law of role static is the reform without response, so that the response is what the whole adds to it; no rows for a reform without singles
WITH whole AS (
    SELECT
        l.law_no,
        t.hifp - b.hifp AS hifp,
        t.hifob - b.hifob AS hifob,
        t.hifmi - b.hifmi AS hifmi,
        t.maf - b.maf AS maf,
        t.cvlserv - b.cvlserv AS cvlserv,
        t.oth - b.oth AS oth,
        t.acct - b.acct AS acct,
        t.cash - b.cash AS cash
    FROM sim_law AS l
    JOIN impact_total AS t ON t.law_no = l.law_no
    JOIN impact_total AS b ON b.law_no = 0
    WHERE l.role = 'reform' AND EXISTS (SELECT 1 FROM sim_law AS o WHERE o.of_law = l.law_no AND o.role = 'single')
),
varied AS (
    SELECT
        l.of_law AS law_no, l.role, l.law_no AS single_no, l.key, l.label,
        s.hifp - b.hifp AS hifp,
        s.hifob - b.hifob AS hifob,
        s.hifmi - b.hifmi AS hifmi,
        s.maf - b.maf AS maf,
        s.cvlserv - b.cvlserv AS cvlserv,
        s.oth - b.oth AS oth,
        s.acct - b.acct AS acct,
        s.cash - b.cash AS cash
    FROM sim_law AS l
    JOIN sim_single AS s ON s.law_no = l.law_no
    JOIN impact_total AS b ON b.law_no = 0
    WHERE l.role IN ('single', 'static')
),
parts AS (
    SELECT
        law_no,
        CAST(sum(hifp) AS BIGINT) AS hifp,
        CAST(sum(hifob) AS BIGINT) AS hifob,
        CAST(sum(hifmi) AS BIGINT) AS hifmi,
        CAST(sum(maf) AS BIGINT) AS maf,
        CAST(sum(cvlserv) AS BIGINT) AS cvlserv,
        CAST(sum(oth) AS BIGINT) AS oth,
        CAST(sum(acct) AS BIGINT) AS acct,
        CAST(sum(cash) AS BIGINT) AS cash
    FROM varied
    WHERE role = 'single'
    GROUP BY law_no
),
still AS (
    SELECT
        w.law_no,
        coalesce(v.hifp, w.hifp) AS hifp,
        coalesce(v.hifob, w.hifob) AS hifob,
        coalesce(v.hifmi, w.hifmi) AS hifmi,
        coalesce(v.maf, w.maf) AS maf,
        coalesce(v.cvlserv, w.cvlserv) AS cvlserv,
        coalesce(v.oth, w.oth) AS oth,
        coalesce(v.acct, w.acct) AS acct,
        coalesce(v.cash, w.cash) AS cash,
        v.law_no IS NOT NULL AS given
    FROM whole AS w
    LEFT JOIN varied AS v ON v.law_no = w.law_no AND v.role = 'static'
),
listed AS (
    SELECT
        law_no, CAST(row_number() OVER (PARTITION BY law_no ORDER BY single_no) AS INTEGER) AS seq,
        'single' AS part, key, label, hifp, hifob, hifmi, maf, cvlserv, oth, acct, cash
    FROM varied
    WHERE role = 'single'
    UNION ALL
    SELECT
        w.law_no, 1001 AS seq, 'interaction' AS part, '' AS key, '' AS label,
        CAST(w.hifp - coalesce(p.hifp, 0) AS BIGINT) AS hifp,
        CAST(w.hifob - coalesce(p.hifob, 0) AS BIGINT) AS hifob,
        CAST(w.hifmi - coalesce(p.hifmi, 0) AS BIGINT) AS hifmi,
        CAST(w.maf - coalesce(p.maf, 0) AS BIGINT) AS maf,
        CAST(w.cvlserv - coalesce(p.cvlserv, 0) AS BIGINT) AS cvlserv,
        CAST(w.oth - coalesce(p.oth, 0) AS BIGINT) AS oth,
        CAST(w.acct - coalesce(p.acct, 0) AS BIGINT) AS acct,
        CAST(w.cash - coalesce(p.cash, 0) AS BIGINT) AS cash
    FROM still AS w
    LEFT JOIN parts AS p ON p.law_no = w.law_no
    UNION ALL
    SELECT
        w.law_no, 1002 AS seq, 'response' AS part, '' AS key, '' AS label,
        w.hifp - s.hifp AS hifp,
        w.hifob - s.hifob AS hifob,
        w.hifmi - s.hifmi AS hifmi,
        w.maf - s.maf AS maf,
        w.cvlserv - s.cvlserv AS cvlserv,
        w.oth - s.oth AS oth,
        w.acct - s.acct AS acct,
        w.cash - s.cash AS cash
    FROM whole AS w
    JOIN still AS s ON s.law_no = w.law_no AND s.given
    UNION ALL
    SELECT
        law_no, 1003 AS seq, 'whole' AS part, '' AS key, '' AS label,
        hifp, hifob, hifmi, maf, cvlserv, oth, acct, cash
    FROM whole
)
SELECT
    law_no, seq, part, key, label, hifp, hifob, hifmi, maf, cvlserv, oth, acct, cash,
    hifp + hifob + hifmi + maf + cvlserv + oth AS fund,
    acct + cash AS burden
FROM listed
