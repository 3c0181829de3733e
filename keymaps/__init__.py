"""Keymaps as TOML files."""
