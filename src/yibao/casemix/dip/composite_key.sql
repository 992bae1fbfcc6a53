-- grain: dx, px_kind
-- inputs: composite_count
-- params: composite_min, drop_small
-- source: DIP 3.0 draft ch.3: a pooled group still below the threshold may be dropped (parameter dip.composite.drop_small)
SELECT dx, px_kind, n FROM composite_count WHERE n >= $composite_min OR $drop_small = 0
