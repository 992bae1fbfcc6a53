-- grain: setl_id, feedetl_sn
-- inputs: fee_lines, numbered_claims, providers, catalogue_span, line_extra
-- params: -
-- source: RULEBOOK §3b–3d: unmapped → 丙; the item in force on the day of service; price limit by the institution's level; the reasons in yibao.catalogue.reasons
-- note: all integers but the two keys: class 1 甲 2 乙 3 丙, shares in 10⁻⁶, prices, limits, quantities and counters in 10⁻⁶, -1 none. Lines of reversing settlements are left out: a reversal mirrors its settlement
WITH placed AS (
    SELECT c.setl_id, c.claim_no, p.hosp_lv
    FROM numbered_claims AS c
    LEFT JOIN providers AS p ON p.fixmedins_code = c.fixmedins_code
    WHERE coalesce(c.refd_setl_flag, '0') <> '1'
),
joined AS (
    SELECT
        l.setl_id, l.feedetl_sn, c.claim_no, l.pric,
        coalesce(e.cnt, l.cnt) AS cnt,
        coalesce(e.amount, l.det_item_fee_sumamt) AS amount,
        coalesce(v.cls, 3) AS cls,
        coalesce(v.share_ppm, 1000000) AS share_ppm,
        coalesce(v.channel, 0) AS channel,
        coalesce(v.tag, 0) AS tag,
        coalesce(
            CASE c.hosp_lv
                WHEN '1' THEN v.limit_lv1
                WHEN '2' THEN v.limit_lv2
                WHEN '3' THEN v.limit_lv3
                ELSE v.limit_any
            END,
            -1
        ) AS limit_micro,
        CASE
            WHEN e.kind > 0 THEN e.kind
            WHEN v.med_list_codg IS NULL THEN 3
            WHEN v.state = 1 THEN 4
            WHEN v.state = 2 THEN 5
            WHEN v.cls = 3 THEN 6
            ELSE coalesce(e.reason, 0)
        END AS reason,
        e.counter_no, e.unit, e.most, e.take, e.mark
    FROM fee_lines AS l
    JOIN placed AS c ON c.setl_id = l.setl_id
    LEFT JOIN catalogue_span AS v
        ON v.med_list_codg = l.med_list_codg
        AND CAST(l.fee_ocur_time AS DATE) >= v.from_day AND CAST(l.fee_ocur_time AS DATE) <= v.until_day
    LEFT JOIN line_extra AS e ON e.setl_id = l.setl_id AND e.feedetl_sn = l.feedetl_sn
)
SELECT
    setl_id, feedetl_sn, claim_no,
    CAST(cls AS TINYINT) AS cls,
    CAST(limit_micro AS BIGINT) AS limit_micro,
    CAST(share_ppm AS INTEGER) AS share_ppm,
    CAST(channel AS TINYINT) AS channel,
    CAST(tag AS TINYINT) AS tag,
    CAST(CASE WHEN reason = 0 THEN 1 ELSE 0 END AS TINYINT) AS payable,
    CAST(reason AS TINYINT) AS reason,
    CAST(coalesce(counter_no, -1) AS INTEGER) AS counter_no,
    CAST(coalesce(unit, 0) AS TINYINT) AS counter_unit,
    CAST(coalesce(most, -1) AS BIGINT) AS counter_limit_micro,
    CAST(coalesce(take, 0) AS BIGINT) AS counter_take_micro,
    CAST(coalesce(mark, -1) AS INTEGER) AS counter_mark,
    pric AS price_micro, cnt AS cnt_micro, amount AS amount_fen
FROM joined
