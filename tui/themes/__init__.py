"""Colour themes as TOML files."""
