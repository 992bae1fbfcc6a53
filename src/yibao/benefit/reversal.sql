-- grain: claim_no
-- inputs: claim_day, claim_terms, repriced
-- params: partial_allowed
-- source: RULEBOOK §0 (4): a reversal mirrors its settlement; once; a partial one only where the law allows it
-- note: outcome '' is a reversal that stands; of several reversals of one settlement the first stands
WITH judged AS (
    SELECT
        r.claim_no, r.setl_id, r.psn_no, r.setl_time, r.init_setl_id, t.context_no, c.medfee_sumamt AS whole,
        c.benefit_year, c.mdtrt_id, c.fixmedins_code, c.med_type,
        CASE
            WHEN t.claim_no IS NULL OR t.place < 0 OR c.setl_time > r.setl_time THEN 'unknown_reversal'
            WHEN c.psn_no <> r.psn_no OR c.fixmedins_code <> r.fixmedins_code OR r.medfee_sumamt > c.medfee_sumamt
                THEN 'reversal_differs'
            WHEN r.medfee_sumamt < c.medfee_sumamt AND $partial_allowed = 0 THEN 'partial_not_allowed'
            WHEN r.medfee_sumamt < c.medfee_sumamt AND p.setl_id IS NULL THEN 'reversal_differs'
            ELSE ''
        END AS outcome
    FROM claim_day AS r
    LEFT JOIN claim_day AS c ON c.setl_id = r.init_setl_id
    LEFT JOIN claim_terms AS t ON t.claim_no = c.claim_no
    LEFT JOIN repriced AS p ON p.by_setl_id = r.setl_id
    WHERE r.refd_setl_flag = '1'
),
placed AS (
    SELECT
        j.*,
        sum(CASE WHEN j.outcome = '' THEN 1 ELSE 0 END) OVER (
            PARTITION BY j.init_setl_id ORDER BY j.setl_time, j.setl_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS nth
    FROM judged AS j
)
SELECT
    claim_no, setl_id, psn_no, setl_time, init_setl_id, context_no, whole, benefit_year, mdtrt_id, fixmedins_code,
    med_type,
    CASE WHEN outcome = '' AND nth > 1 THEN 'reversed_already' ELSE outcome END AS outcome
FROM placed
