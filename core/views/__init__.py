"""Views and tiles as data, and the engine that evaluates them."""
