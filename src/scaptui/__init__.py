"""scaptui: a terminal inspector for sysdig captures."""

__version__ = "0.1.0"
