"""Benchmarks: one file a capability, each printing ratios measured in one run. ``python -m bench`` lists them."""
