"""The engine: captures in, tables out. Knows nothing of the user interface."""
