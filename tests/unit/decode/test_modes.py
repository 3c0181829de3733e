"""The kernels as numba compiles them, with its checks of bounds, and as plain Python: the same columns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from builder import CaptureBuilder

DIGEST = """
import hashlib, sys
import numpy as np
from scaptui.core.capture import Capture

digest = hashlib.sha256()
with Capture.open(sys.argv[1]) as capture:
    index = capture.index
    tables = [index.events, index.threads, index.lives, index.fds, index.mems, index.cpu]
    columns = [getattr(table, name) for table in tables for name in table._fields]
    for column in [*columns, index.parent, index.main, index.container]:
        digest.update(str((column.dtype, column.shape)).encode() + np.ascontiguousarray(column).tobytes())
    for i in range(len(index.strings)):
        digest.update(index.strings[i] + bytes(1))
    print(len(index.events.ts), len(index.threads.tid), len(index.fds.kind), digest.hexdigest())
"""


def _story(modern: bool) -> CaptureBuilder:
    """A bit of everything: files, sockets, threads, clones, execs, exits, switches, strangers."""
    b = CaptureBuilder(modern)
    b.proc(1, "init").proc(100, "server", ptid=1, cwd="/srv", env=["A=1"], args=["server", "-v"])
    b.proc(101, "worker", pid=100, ptid=1).interface("eth0", "10.0.0.5").interface("lo", "127.0.0.1")
    b.fd(100, 5, "/tmp/five").socket_fd(100, 7, ("10.0.0.5", 4000), ("10.0.0.9", 80))
    for k in range(3):
        b.open(100, 10 + k, f"./up/../file{k}").read(100, 10 + k, b"abc").write(101, 10 + k, b"def")
        b.dup(100, 5, 30 + k).close(100, 10 + k).pipe(100, 40, 41, ino=99).chdir(100, "down").setuid(100, k)
        b.socket(100, 50).connect(100, 50, ("10.0.0.5", 5000 + k), ("10.0.0.9", 443), res=-115 * (k % 2))
        b.bind(100, 51, ("0.0.0.0", 8080)).accept(100, 60, ("10.0.0.9", 3333), ("10.0.0.5", 8080))
        b.accept(100, 61, ("fe80::9", 3333), ("fe80::1", 8080)).clone(100, 200 + k)
        b.execve(200 + k, "/bin/ls", ["ls", "-l"]).switch(
            100, 200 + k, faults=(k, k + 1), vm=(100 + k, 50, 0)
        )
        b.write(999, 3, b"stranger").procexit(200 + k, k)
    return b


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the kernels of the other modes."""
    return tmp_path_factory.mktemp("kernels")


def _digest(path: Path, mode: str | None, kernels: Path) -> str:
    env = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
    if mode is None:
        env |= {k: v for k, v in os.environ.items() if k == "NUMBA_CACHE_DIR"}
    else:
        env |= {mode: "1", "NUMBA_CACHE_DIR": str(kernels)}
    command = [sys.executable, "-W", "ignore", "-c", DIGEST, str(path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize("mode", ["NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK"])
def test_kernels_give_the_same_columns_in_every_mode(
    mode: str, modern: bool, tmp_path: Path, kernels: Path
) -> None:
    path = _story(modern).save(tmp_path / "story.scap")
    compiled = _digest(path, None, kernels)
    events, threads, fds, _ = compiled.split()
    assert int(events) > 50 and int(threads) > 10 and int(fds) > 20
    assert _digest(path, mode, kernels) == compiled
