-- grain: item
-- inputs: verdict, open_line, suspect, part, kind_word
-- params: listed
-- source: docs/reconcile.md: one row a difference, with every settlement behind it; identifiers of several joined by |
-- note: with $listed also what was matched otherwise than by its identifier and is equal
WITH lined AS (
    SELECT v.item, v.kind, v.rung, v.among, l.side, l.line_no, l.setl_id, l.mdtrt_id, l.psn_no, l.day, l.fixmedins_code,
        l.insutype, l.clr_type, l.src_file || ' 第' || CAST(l.src_row AS VARCHAR) || '行' AS at_row,
        s.kin, s.n AS suspects,
        CASE WHEN s.line_no IS NOT NULL
            THEN coalesce(w.setl_id, w.src_file || ' 第' || CAST(w.src_row AS VARCHAR) || '行')
        END AS suspect_at
    FROM verdict AS v
    JOIN open_line AS l ON l.side = v.side AND l.line_no = v.line_no
    LEFT JOIN suspect AS s ON s.side = v.side AND s.line_no = v.line_no
    LEFT JOIN open_line AS w ON w.side <> s.side AND w.line_no = s.first_no
    WHERE v.kind <> 'same' AND ($listed = 1 OR v.kind <> 'linked')
),
unlike AS (
    SELECT DISTINCT p.item, k.seq, p.field
    FROM part AS p
    JOIN kind_word AS k ON k.word = 'field' AND k.code = p.field
    WHERE p.kind = 'amount' AND p.field <> 'n'
),
differing AS (
    SELECT item, string_agg(field, '|' ORDER BY seq) AS differs FROM unlike GROUP BY item
),
whole AS (
    SELECT item, min(kind) AS kind, min(rung) AS rung, min(among) AS among, min(line_no) AS first_no,
        CAST(sum(CASE WHEN side = 'ours' THEN 1 ELSE 0 END) AS INTEGER) AS ours_cnt,
        CAST(sum(CASE WHEN side = 'theirs' THEN 1 ELSE 0 END) AS INTEGER) AS theirs_cnt,
        string_agg(CASE WHEN side = 'ours' THEN setl_id END, '|' ORDER BY line_no) AS ours_setl_id,
        string_agg(CASE WHEN side = 'theirs' THEN setl_id END, '|' ORDER BY line_no) AS theirs_setl_id,
        min(CASE WHEN side = 'ours' THEN mdtrt_id END) AS ours_mdtrt_id,
        min(CASE WHEN side = 'theirs' THEN mdtrt_id END) AS theirs_mdtrt_id,
        coalesce(min(CASE WHEN side = 'ours' THEN psn_no END), min(psn_no)) AS psn_no,
        min(CASE WHEN side = 'ours' THEN day END) AS ours_day,
        min(CASE WHEN side = 'theirs' THEN day END) AS theirs_day,
        min(CASE WHEN side = 'ours' THEN fixmedins_code END) AS ours_fixmedins_code,
        min(CASE WHEN side = 'theirs' THEN fixmedins_code END) AS theirs_fixmedins_code,
        min(CASE WHEN side = 'ours' THEN insutype END) AS ours_insutype,
        min(CASE WHEN side = 'theirs' THEN insutype END) AS theirs_insutype,
        min(CASE WHEN side = 'ours' THEN clr_type END) AS ours_clr_type,
        min(CASE WHEN side = 'theirs' THEN clr_type END) AS theirs_clr_type,
        string_agg(CASE WHEN side = 'ours' THEN at_row END, '|' ORDER BY line_no) AS ours_row,
        string_agg(CASE WHEN side = 'theirs' THEN at_row END, '|' ORDER BY line_no) AS theirs_row,
        max(suspects) AS suspects, min(kin) AS suspect_kin, min(suspect_at) AS suspect_at
    FROM lined
    GROUP BY item
)
SELECT row_number() OVER (
        ORDER BY k.seq, coalesce(w.ours_day, w.theirs_day, DATE '1900-01-01'), w.first_no, w.item
    ) AS diff_no,
    w.item, w.kind, k.label AS kind_name, w.rung, w.among, w.ours_cnt, w.theirs_cnt, w.ours_setl_id, w.theirs_setl_id,
    w.ours_mdtrt_id, w.theirs_mdtrt_id, w.psn_no, w.ours_day, w.theirs_day, w.ours_fixmedins_code,
    w.theirs_fixmedins_code, w.ours_insutype, w.theirs_insutype, w.ours_clr_type, w.theirs_clr_type, w.ours_row,
    w.theirs_row, d.differs, w.suspects, w.suspect_kin, w.suspect_at, k.next_step
FROM whole AS w
JOIN kind_word AS k ON k.word = 'kind' AND k.code = w.kind
LEFT JOIN differing AS d ON d.item = w.item
