"""How fast it is, as ratios to a floor and a peer that run beside it. docs/benchmarks.md tells."""
