"""How fast a capture is indexed, beside sysdig reading the same file in the same run.

Grows a small plain capture to some millions of events, then lets the two take turns. sysdig's plain
pass is ``sysdig -r FILE evt.num=0``: it reads every event and keeps its state tables up to date, the
filter lets nothing through, so that nothing is formatted or printed. The best rounds are compared:
whatever else the machine does only adds.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grow import grow

PROJECT = Path(__file__).resolve().parent.parent
SOURCE = "haproxy-502.scap"


def find_source() -> Path:
    """Return the capture to grow; ends the program with a sentence when it is not here."""
    named = os.environ.get("SCAPTUI_CAPTURES")
    folder = Path(named) if named else PROJECT.parent / "shared" / "captures"
    if not (folder / SOURCE).is_file():
        where = f"in {folder}" if named else "beside the project"
        sys.exit(
            f"{SOURCE} is not there ({where}): set SCAPTUI_CAPTURES to a folder that holds it. "
            "It is the sample of Sysdig Inspect with an HAProxy that answers 502."
        )
    return folder / SOURCE


def index_seconds(path: Path) -> tuple[float, int]:
    """Return the seconds one index takes inside this process, and how many events it holds."""
    from scaptui.core.capture import Capture

    start = time.perf_counter()
    capture = Capture.open(path)
    seconds = time.perf_counter() - start
    events = len(capture.index.events.ts)
    capture.close()
    del capture
    gc.collect()  # what is left of it must not count for the next round
    return seconds, events


def sysdig_seconds(path: Path) -> float:
    """Return the seconds of sysdig's plain pass, start of the process included."""
    start = time.perf_counter()
    subprocess.run(["sysdig", "-r", path, "evt.num=0"], check=True, stdout=subprocess.DEVNULL, timeout=600)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    source = find_source()
    with_sysdig = shutil.which("sysdig") is not None

    with tempfile.TemporaryDirectory(prefix="scaptui-bench-") as folder:
        grown = Path(folder) / "grown.scap"
        grow(source, grown, arguments.events)
        index_seconds(source)  # warm-up: load or compile the kernels
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ours: list[float] = []
        theirs: list[float] = []
        events = 0
        for _ in range(arguments.rounds):
            seconds, events = index_seconds(grown)
            ours.append(seconds)
            if with_sysdig:
                theirs.append(sysdig_seconds(grown))
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        size = grown.stat().st_size

    print(
        f"{SOURCE} grown to {events:,} events, {size / 1e6:.0f} MB plain; best of {arguments.rounds} rounds"
    )
    print(_row("scaptui index (in process, warm)", ours, events))
    print(f"  peak memory above the warm process: {memory / events:.0f} bytes an event")
    if not with_sysdig:
        print("sysdig is not installed: nothing to compare with")
        return
    print(_row("sysdig -r FILE evt.num=0", theirs, events))
    ratio = min(theirs) / min(ours)
    print(f"ratio: scaptui indexes {ratio:.2f} times as fast as sysdig's plain pass")


def _row(name: str, seconds: list[float], events: int) -> str:
    best, middle = min(seconds), statistics.median(seconds)
    return f"{name:<34} {events / best / 1e6:6.2f} M events/s   best {best:.3f} s, median {middle:.3f} s"


if __name__ == "__main__":
    main()
