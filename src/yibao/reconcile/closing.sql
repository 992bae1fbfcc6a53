-- grain: day, fixmedins_code, insutype, clr_type, field
-- inputs: cell_sum, part
-- source: docs/reconcile.md: the two sides of a day, their difference, and what each kind explains of it
WITH held AS (
    SELECT day, fixmedins_code, insutype, clr_type, field,
        CAST(sum(CASE WHEN side = 'ours' THEN fen ELSE 0 END) AS BIGINT) AS ours,
        CAST(sum(CASE WHEN side = 'theirs' THEN fen ELSE 0 END) AS BIGINT) AS theirs
    FROM cell_sum
    GROUP BY day, fixmedins_code, insutype, clr_type, field
),
told AS (
    SELECT day, fixmedins_code, insutype, clr_type, field,
        CAST(sum(fen) AS BIGINT) AS told,
        CAST(sum(CASE WHEN kind = 'doubled_ours' THEN fen ELSE 0 END) AS BIGINT) AS doubled_ours,
        CAST(sum(CASE WHEN kind = 'doubled_theirs' THEN fen ELSE 0 END) AS BIGINT) AS doubled_theirs,
        CAST(sum(CASE WHEN kind = 'reversed_ours' THEN fen ELSE 0 END) AS BIGINT) AS reversed_ours,
        CAST(sum(CASE WHEN kind = 'reversed_theirs' THEN fen ELSE 0 END) AS BIGINT) AS reversed_theirs,
        CAST(sum(CASE WHEN kind = 'void_ours' THEN fen ELSE 0 END) AS BIGINT) AS void_ours,
        CAST(sum(CASE WHEN kind = 'void_theirs' THEN fen ELSE 0 END) AS BIGINT) AS void_theirs,
        CAST(sum(CASE WHEN kind = 'split' THEN fen ELSE 0 END) AS BIGINT) AS split,
        CAST(sum(CASE WHEN kind = 'merged' THEN fen ELSE 0 END) AS BIGINT) AS merged,
        CAST(sum(CASE WHEN kind = 'amount' THEN fen ELSE 0 END) AS BIGINT) AS amount,
        CAST(sum(CASE WHEN kind = 'other_day' THEN fen ELSE 0 END) AS BIGINT) AS other_day,
        CAST(sum(CASE WHEN kind = 'other_class' THEN fen ELSE 0 END) AS BIGINT) AS other_class,
        CAST(sum(CASE WHEN kind = 'missing_ours' THEN fen ELSE 0 END) AS BIGINT) AS missing_ours,
        CAST(sum(CASE WHEN kind = 'missing_theirs' THEN fen ELSE 0 END) AS BIGINT) AS missing_theirs,
        CAST(sum(CASE WHEN kind = 'rejected_ours' THEN fen ELSE 0 END) AS BIGINT) AS rejected_ours,
        CAST(sum(CASE WHEN kind = 'rejected_theirs' THEN fen ELSE 0 END) AS BIGINT) AS rejected_theirs
    FROM part
    GROUP BY day, fixmedins_code, insutype, clr_type, field
)
SELECT h.day, h.fixmedins_code, h.insutype, h.clr_type, h.field, h.ours, h.theirs, h.ours - h.theirs AS difference,
    coalesce(t.doubled_ours, 0) AS doubled_ours,
    coalesce(t.doubled_theirs, 0) AS doubled_theirs,
    coalesce(t.reversed_ours, 0) AS reversed_ours,
    coalesce(t.reversed_theirs, 0) AS reversed_theirs,
    coalesce(t.void_ours, 0) AS void_ours,
    coalesce(t.void_theirs, 0) AS void_theirs,
    coalesce(t.split, 0) AS split,
    coalesce(t.merged, 0) AS merged,
    coalesce(t.amount, 0) AS amount,
    coalesce(t.other_day, 0) AS other_day,
    coalesce(t.other_class, 0) AS other_class,
    coalesce(t.missing_ours, 0) AS missing_ours,
    coalesce(t.missing_theirs, 0) AS missing_theirs,
    coalesce(t.rejected_ours, 0) AS rejected_ours,
    coalesce(t.rejected_theirs, 0) AS rejected_theirs,
    coalesce(t.told, 0) AS told
FROM held AS h
LEFT JOIN told AS t ON t.day IS NOT DISTINCT FROM h.day AND t.fixmedins_code = h.fixmedins_code
    AND t.insutype = h.insutype AND t.clr_type = h.clr_type AND t.field = h.field
