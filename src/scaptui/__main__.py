"""``python -m scaptui``: the same as the ``scaptui`` command."""

from .tui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
