"""Renew ``views.json.gz``: what csysdig 0.29.3 prints for a made-up capture, so that tests need no csysdig.

    python tests/golden/renew_views.py

The capture is that of ``tests/views_story.py`` in the old kind.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import views_story

TARGET = Path(__file__).parent / "views.json.gz"


def record(path: Path) -> list[dict[str, Any]]:
    """Return the rows of every view of csysdig, with the filters of the story."""
    from scaptui.core.views.answers import why_empty
    from scaptui.core.views.catalogue import list_views

    known = ("dig", "echo", "overview", "listening_ports", "spectro_all", "spectro_file", "spectro_traces")
    found: list[dict[str, Any]] = []
    for view in list_views():
        if view.own or view.id in known or why_empty(view) is not None:
            continue
        for text in views_story.FILTERS:
            for containers in (True, False):
                command = ["csysdig", "-r", str(path), "-v", view.id, "-j"]
                command += ["-pc"] if containers else []
                command += [text] if text else []
                done = subprocess.run(
                    command, capture_output=True, check=True, env=os.environ | {"TZ": "UTC"}
                )
                part = json.loads(done.stdout.decode("utf-8", "replace"))["slices"][-1]
                rows = [[row["k"], row["d"]] for row in part.get("data", [])]
                found.append({"view": view.id, "filter": text, "containers": containers, "rows": rows})
    return found


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        found = record(views_story.save(Path(folder), False))
    text = json.dumps(found, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{len(found)} runs in {TARGET}")


if __name__ == "__main__":
    main()
