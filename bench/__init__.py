"""`make bench`: what LIO's speed is measured by. docs/bench.md tells the method."""
