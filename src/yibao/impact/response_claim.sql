-- grain: claim_no
-- inputs: response_asked, response_draw, response_shift, response_place
-- params: -
-- source: docs/internals/simulate.md: what becomes of a visit: none, one or two of it, at another level or not, by two numbers drawn from its setl_id alone
-- note: only visits of which something changes; a visit outside the city does not move between levels
WITH judged AS (
    SELECT
        a.claim_no, a.setl_id,
        CASE WHEN a.change_ppm < 0 AND d.visit_draw < -a.change_ppm THEN 0
            WHEN a.change_ppm > 0 AND d.visit_draw < a.change_ppm THEN 2 ELSE 1 END AS copies,
        s.to_lv, p.fixmedins_code AS to_fixmedins_code
    FROM response_asked AS a
    JOIN response_draw AS d ON d.claim_no = a.claim_no
    LEFT JOIN response_shift AS s ON s.kind = a.kind AND s.from_lv = a.hosp_lv AND a.offsite = 'none'
        AND d.shift_draw >= s.low_ppm AND d.shift_draw < s.high_ppm
    LEFT JOIN response_place AS p ON p.kind = a.kind AND p.hosp_lv = s.to_lv
)
SELECT
    claim_no, setl_id, copies,
    CASE WHEN copies > 0 AND to_fixmedins_code IS NOT NULL THEN to_lv END AS to_lv,
    CASE WHEN copies > 0 THEN to_fixmedins_code END AS to_fixmedins_code
FROM judged
WHERE copies <> 1 OR to_fixmedins_code IS NOT NULL
