"""The star schema and what is derived from it once after the pass."""
