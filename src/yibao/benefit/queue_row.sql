-- grain: setl_id, queue_kind
-- inputs: claim_day, claim_terms, context_place, reversal, acct_credits, person_family, incentives, supplement_insured, repriced
-- params: -
-- source: docs/internals/benefit.md: families together, each in the order of settlement; money for an account comes first on its day, a reversal after the settlements of its moment, what it leaves to be priced anew after it
-- note: sorted: a row's place is its number in the queue (batch.queue); kind 0 credit, 1 claim, 2 reversal; a claim without a place is refused and not here
WITH every AS (
    SELECT c.claim_no, c.setl_id, c.psn_no, c.setl_time, CAST(c.setl_time AS DATE) AS day, 1 AS queue_kind,
        CASE WHEN p.setl_id IS NULL THEN 1 ELSE 3 END AS nth, t.context_no, t.place,
        c.medfee_sumamt AS total, c.benefit_year, '' AS init_setl_id, c.mdtrt_id, c.fixmedins_code, c.med_type
    FROM claim_terms AS t
    JOIN claim_day AS c ON c.claim_no = t.claim_no
    LEFT JOIN repriced AS p ON p.setl_id = c.setl_id
    LEFT JOIN reversal AS r ON r.setl_id = p.by_setl_id
    WHERE t.place >= 0 AND (p.setl_id IS NULL OR r.outcome = '')
    UNION ALL
    SELECT -1 AS claim_no, r.setl_id, r.psn_no, r.setl_time, CAST(r.setl_time AS DATE) AS day, 2 AS queue_kind,
        2 AS nth, r.context_no, -1 AS place,
        r.whole AS total, r.benefit_year, r.init_setl_id, r.mdtrt_id, r.fixmedins_code, r.med_type
    FROM reversal AS r
    WHERE r.outcome = ''
    UNION ALL
    SELECT -1 AS claim_no, a.credit_id AS setl_id, a.psn_no, NULL AS setl_time, a.credit_date AS day, 0 AS queue_kind,
        0 AS nth, -1 AS context_no, -1 AS place,
        a.credit_amt AS total, 0 AS benefit_year, '' AS init_setl_id, '' AS mdtrt_id, '' AS fixmedins_code,
        '' AS med_type
    FROM acct_credits AS a
)
SELECT
    e.claim_no, e.setl_id, e.psn_no, p.person_no, p.family_no, e.setl_time, e.day, e.queue_kind, e.context_no, e.place,
    e.total, e.benefit_year, e.init_setl_id, e.mdtrt_id, coalesce(x.insutype, '') AS insutype,
    coalesce(x.psn_type, '') AS psn_type, e.fixmedins_code, e.med_type, coalesce(x.kind, '') AS kind,
    coalesce(i.cont_amt, 0) + coalesce(i.zero_amt, 0) AS reward,
    CASE WHEN s.psn_no IS NULL THEN 0 ELSE 1 END AS supplement
FROM every AS e
JOIN person_family AS p ON p.psn_no = e.psn_no
LEFT JOIN context_place AS x ON x.context_no = e.context_no
LEFT JOIN incentives AS i ON i.psn_no = e.psn_no AND i.year = e.benefit_year
LEFT JOIN supplement_insured AS s ON s.psn_no = e.psn_no AND s.year = e.benefit_year
ORDER BY p.family_no, e.day, CASE WHEN e.queue_kind = 0 THEN 0 ELSE 1 END, e.setl_time, e.nth, e.setl_id
