-- grain: code, seq
-- inputs: trace_event, trace_drug, trace_pack, trace_split
-- params: -
-- source: RULEBOOK §15: T3 (same institution and product), T4 (mapped drug), T6 (same institution and settlement)
WITH mapped AS (
    SELECT
        e.code, e.seq, d.med_list_codg, d.pack_units,
        row_number() OVER (PARTITION BY e.code, e.seq ORDER BY d.begndate DESC, d.med_list_codg, d.pack_units) AS nth
    FROM trace_event AS e
    JOIN trace_drug AS d ON d.ident = e.drug_id
    WHERE CAST(e.ocur_time AS DATE) >= d.begndate AND CAST(e.ocur_time AS DATE) <= d.enddate
)
SELECT
    e.code, e.seq, e.kind, greatest(e.units, 1) AS units,
    CAST(dense_rank() OVER (ORDER BY e.fixmedins_code) - 1 AS BIGINT) AS place,
    CAST(dense_rank() OVER (ORDER BY e.code, e.fixmedins_code) - 1 AS BIGINT) AS spot,
    CAST(dense_rank() OVER (ORDER BY e.code, e.fixmedins_code, e.sale_ref) - 1 AS BIGINT) AS pair,
    CASE
        WHEN e.upld_sn = '' OR e.kind <> 0 THEN -1
        ELSE CAST(dense_rank() OVER (ORDER BY e.code, e.upld_sn, e.sale_ref) - 1 AS BIGINT)
    END AS request,
    CAST(dense_rank() OVER (ORDER BY e.med_list_codg) - 1 AS BIGINT) AS drug,
    CASE WHEN e.kind = 0 AND m.med_list_codg <> e.med_list_codg THEN 1 ELSE 0 END AS swapped,
    CASE WHEN e.trdn_flag = '1' THEN 1 ELSE 0 END AS split,
    coalesce(m.pack_units, p.pack_units, 0) AS pack,
    s.splits
FROM trace_event AS e
JOIN trace_split AS s ON s.fixmedins_code = e.fixmedins_code
LEFT JOIN mapped AS m ON m.code = e.code AND m.seq = e.seq AND m.nth = 1
LEFT JOIN trace_pack AS p ON p.med_list_codg = e.med_list_codg
ORDER BY e.code, e.seq
