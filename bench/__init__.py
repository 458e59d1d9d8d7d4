"""Figures, as ratios against a named baseline of the same run. `make bench`; docs/performance.md says how to read them."""
