"""Ways to drive the engine: live, replay, demo. They pull snapshots, call the engine, stop."""
