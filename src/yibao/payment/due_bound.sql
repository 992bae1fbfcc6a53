-- grain: case_no
-- inputs: payee, value_bound, rate_bound
-- params: minus_patient, ratio_level, floored, offsite_in, shared
-- source: DIP_REGIMES A.9: due = points × value × reimbursement ratio (of the pool, the institution or the case), or the standard less what patient and other funds pay; an offsite case by its own ratio
-- note: values and rates are fen for 10⁻⁴ 分 times 10¹⁵, rounded down, with gap 1 where a fraction was left; is_open marks the few cases in which the fraction could move a rounded amount (they are computed exactly by exact_due). due is NULL where the fund is shared exactly
WITH paid AS (
    SELECT
        q.case_no,
        CAST(2 * q.points AS DECIMAL(38, 0)) AS points,
        CAST(2 * q.plain_points AS DECIMAL(38, 0)) AS plain,
        CASE WHEN $shared = 1 AND q.scope = 'local' THEN 1 ELSE 0 END AS shared,
        CASE
            WHEN $minus_patient = 1 THEN 0
            WHEN q.scope = 'offsite' OR $ratio_level = 'case' THEN 1
            ELSE 0
        END AS by_case,
        q.booked AS own_booked,
        q.fee AS own_fee,
        v.lo AS value_lo,
        v.gap AS value_gap,
        CASE WHEN $minus_patient = 1 OR q.scope = 'offsite' THEN v.lo ELSE r.lo END AS rate_lo,
        CASE WHEN $minus_patient = 1 OR q.scope = 'offsite' THEN v.gap ELSE r.gap END AS rate_gap
    FROM payee AS q
    JOIN value_bound AS v ON v.fund_type = q.fund_type
    LEFT JOIN rate_bound AS r
        ON r.fund_type = q.fund_type
        AND r.fixmedins_code = CASE WHEN $ratio_level = 'institution' THEN q.fixmedins_code ELSE '' END
    WHERE q.scope = 'local' OR (q.scope = 'offsite' AND $offsite_in = 1)
),
part AS (
    SELECT
        p.*,
        CAST(CASE WHEN by_case = 0 THEN 1 WHEN own_fee > 0 THEN own_booked ELSE 0 END AS DECIMAL(38, 0)) AS num,
        CAST(1000000000000000 AS DECIMAL(38, 0))
        * CASE WHEN by_case = 1 AND own_fee > 0 THEN own_fee ELSE 1 END AS unit,
        CAST(1000000000000000 AS DECIMAL(38, 0)) AS one
    FROM paid AS p
),
rounded AS (
    SELECT
        p.*,
        idiv(points * value_lo + one, 2 * one) AS standard,
        CASE WHEN shared = 0 THEN idiv(points * rate_lo * num + unit, 2 * unit) END AS due,
        CASE WHEN plain <> points THEN idiv(plain * rate_lo * num + unit, 2 * unit) END AS plain_due
    FROM part AS p
)
SELECT
    case_no,
    standard,
    CASE
        WHEN $minus_patient = 0 THEN due
        WHEN $floored = 1 THEN greatest(due - (own_fee - own_booked), 0)
        ELSE due - (own_fee - own_booked)
    END AS due,
    CASE
        WHEN $minus_patient = 0 OR plain_due IS NULL THEN plain_due
        WHEN $floored = 1 THEN greatest(plain_due - (own_fee - own_booked), 0)
        ELSE plain_due - (own_fee - own_booked)
    END AS plain_due,
    CASE
        WHEN points * value_lo + one + points * value_gap >= 2 * one * (standard + 1) THEN 1
        WHEN shared = 0 AND points * rate_lo * num + unit + points * rate_gap * num >= 2 * unit * (due + 1) THEN 1
        WHEN plain <> points AND plain * rate_lo * num + unit + plain * rate_gap * num >= 2 * unit * (plain_due + 1)
            THEN 1
        ELSE 0
    END AS is_open
FROM rounded
