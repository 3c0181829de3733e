"""Make ``catalogue.scap`` and ``catalogue.txt.gz`` anew: some events of every code, as sysdig prints them.

Run ``python tests/golden/renew_catalogue.py`` with sysdig 0.29.3 installed.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


def main() -> None:
    from event_variety import FORMAT, sample

    capture = HERE / "catalogue.scap"
    capture.write_bytes(sample(1, 3))
    command = ["sysdig", "-r", str(capture), "-p", FORMAT + "\x1e"]
    done = subprocess.run(command, capture_output=True, check=True)
    (HERE / "catalogue.txt.gz").write_bytes(gzip.compress(done.stdout, mtime=0))


if __name__ == "__main__":
    main()
