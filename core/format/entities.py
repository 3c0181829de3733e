"""The plain facts a capture states about its machine, and the record of what could not be read.

Inputs: filled by :mod:`.metadata`. Outputs: kept as they are in the index.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class MachineInfo:
    """The machine the capture was taken on (file format, section 4)."""

    num_cpus: int = 0
    memory_bytes: int = 0
    max_pid: int = 0
    hostname: str = ""
    boot_ts: int = 0


@dataclass(frozen=True)
class User:
    """An entry of the capture's user list."""

    uid: int
    gid: int
    name: str
    home: str
    shell: str


@dataclass(frozen=True)
class Group:
    """An entry of the capture's group list."""

    gid: int
    name: str


@dataclass(frozen=True)
class Interface:
    """A network interface; addresses are network-order bytes (4 or 16)."""

    name: str
    addr: bytes
    netmask: bytes
    bcast: bytes
    link_speed: int


@dataclass(frozen=True)
class Damage:
    """A place in the stream that could not be read."""

    offset: int  # in the decompressed stream
    block_type: int
    code: str  # short word: truncated, bad-length, bad-event, ...
    reason: str  # a sentence for people
    skipped: int  # bytes passed over
