-- grain: ours_no, theirs_no
-- inputs: open_line, taken
-- params: rung, many, loose, visits, other, apart
-- source: docs/reconcile.md, step 2: one rung of the ladder
-- note: a settlement is matched where its key stands alone on either side (one), as often on both (equal), or as often
-- note: as it can be (rank); below the identifiers (loose) one of the two must have none that could tell it apart
WITH keyed AS (
    SELECT l.*,
        CASE WHEN l.setl_id_form IS NULL OR (l.same_id > 1 AND l.twins = 1) THEN 1 ELSE 0 END AS is_loose,
        l.back || '/' || CASE
            WHEN $rung = 'id_same' THEN l.lead_id || '/' || l.amounts || '/' || l.cell
            WHEN $rung = 'id_amount' THEN l.lead_id || '/' || l.amounts
            WHEN $rung = 'id_only' THEN l.lead_id
            WHEN $rung = 'form_amount' THEN l.setl_id_form || '/' || l.amounts
            WHEN $rung = 'form_only' THEN l.setl_id_form
            WHEN $rung = 'visit_same' THEN l.mdtrt_id_form || '/' || l.amounts || '/' || l.cell
            WHEN $rung = 'visit_amount' THEN l.mdtrt_id_form || '/' || l.amounts
            WHEN $rung = 'visit_only' THEN l.mdtrt_id_form
            WHEN $rung = 'person_day' THEN l.psn_no_form || '/' || CAST(l.day AS VARCHAR) || '/' || l.amounts
            WHEN $rung = 'person_near' THEN l.psn_no_form || '/' || l.amounts
            WHEN $rung = 'person_some' THEN l.psn_no_form || '/' || CAST(l.day AS VARCHAR)
        END AS match_key
    FROM open_line AS l
    LEFT JOIN taken AS k ON k.side = l.side AND k.line_no = l.line_no
    WHERE k.line_no IS NULL
),
ranked AS (
    SELECT *, min(is_loose) OVER (PARTITION BY match_key, side) AS all_loose,
        count(*) OVER (PARTITION BY match_key, side) AS n,
        row_number() OVER (
            PARTITION BY match_key, side
            ORDER BY coalesce(mdtrt_id_form, ''), coalesce(day, DATE '1900-01-01'), cell, amounts,
                coalesce(psn_no_form, ''), coalesce(setl_id, ''), line_no
        ) AS nth
    FROM keyed
    WHERE match_key IS NOT NULL
)
SELECT o.line_no AS ours_no, t.line_no AS theirs_no, $rung AS rung, least(o.n, t.n) AS among
FROM ranked AS o
JOIN ranked AS t ON t.match_key = o.match_key AND t.nth = o.nth
WHERE o.side = 'ours' AND t.side = 'theirs'
    AND ($many = 'rank' OR ($many = 'equal' AND o.n = t.n) OR (o.n = 1 AND t.n = 1))
    AND ($loose = 0 OR $other = 1 OR o.all_loose = 1 OR t.all_loose = 1
        OR (o.n = 1 AND o.setl_id_form = t.setl_id_form))
    AND ($apart = 0 OR (abs(date_diff('day', o.day, t.day)) <= $apart))
    AND ($rung NOT IN ('person_day', 'person_near', 'person_some') OR $visits = 0 OR o.mdtrt_id_form IS NULL
        OR t.mdtrt_id_form IS NULL OR o.mdtrt_id_form = t.mdtrt_id_form)
    AND ($rung <> 'person_some'
        OR (o.medfee_sumamt <> 0 AND o.medfee_sumamt = t.medfee_sumamt)
        OR (o.fund_pay_sumamt <> 0 AND o.fund_pay_sumamt = t.fund_pay_sumamt)
        OR (o.hifp_pay <> 0 AND o.hifp_pay = t.hifp_pay)
        OR (o.acct_pay <> 0 AND o.acct_pay = t.acct_pay)
        OR (o.psn_part_amt <> 0 AND o.psn_part_amt = t.psn_part_amt)
        OR (o.psn_cash_pay <> 0 AND o.psn_cash_pay = t.psn_cash_pay))
