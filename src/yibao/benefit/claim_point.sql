-- grain: claim_no
-- inputs: claim_day, chosen_points
-- params: -
-- source: RULEBOOK §2.3: 一人一主点一辅点, by the points chosen on the day
-- note: only claims at a chosen point; main before aux
SELECT c.claim_no, max(CASE WHEN q.point_kind = 'main' THEN 'main' ELSE 'aux' END) AS point
FROM claim_day AS c
JOIN chosen_points AS q
    ON q.psn_no = c.psn_no AND q.fixmedins_code = c.fixmedins_code
    AND c.law_day >= q.begndate AND (q.enddate IS NULL OR c.law_day <= q.enddate)
GROUP BY c.claim_no
