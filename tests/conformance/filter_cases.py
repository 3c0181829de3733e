"""Filters to ask both readers: made from the list of fields and from what occurs in a capture."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from scaptui.core.capture import Capture
from scaptui.core.index.tables import EV_HIDDEN
from scaptui.core.query import modules
from scaptui.core.query.ast import quote
from scaptui.core.query.cells import Kind
from scaptui.core.query.define import DEFINITIONS
from scaptui.core.query.registry import ArgRule, specs

# fields whose values differ where ARCHITECTURE.md says so, or that the reference cannot compare
ASIDE = {
    **dict.fromkeys(("group.gid", "fd.dev", "fd.dev.major", "fd.dev.minor"), "bytes that were never set"),
    **dict.fromkeys(("user.loginuid", "user.loginname"), "0 for children of threads that nobody saw"),
    **dict.fromkeys(("fd.cport", "fd.cproto", "fd.sproto"), "ports of server sockets that were never set"),
    **dict.fromkeys(("thread.cpu", "thread.cpu.user", "thread.cpu.system"), "'wrong parameter type 33'"),
    **dict.fromkeys(
        ("evt.deltatime", "evt.deltatime.s", "evt.deltatime.ns"), "from the last event let through"
    ),
    "evt.latency.human": "text of an earlier call on exits without an enter",
    "fd.name_changed": "true once more at a second connect",
    "fd.connected": "true for datagram sockets that were used",
    "evt.latency.quantized": "one class for all, as long as there is no screen to draw on",
    "util.cnt": "how often the filter was asked",
    "evt.around": "takes '=' only; asked for in a test of its own",
}
# addresses of bound UDP sockets are bytes that were never set: only TCP can be compared there
ENDS = (
    *("fd.ip", "fd.net", "fd.is_server", "fd.proto", "fd.port"),
    *(f"fd.{side}{part}" for side in "cslr" for part in ("ip", "net", "port", "proto")),
)
UNSET_PEERS = ("haproxy-502.scap", "ipv6-conn.scap")
# where `in` compares memory of the wrong width, looks at other processes than `=`, or crashes
NO_LISTS = ("evt.rawarg", "evt.type.is", "proc.apid", "thread.totexectime", "syslog.")
ARGUMENTS = {
    "proc.aname": ("[0]", "[1]", "[2]", ""),
    "proc.apid": ("[1]", ""),
    "evt.arg": (".fd", ".res", "[1]", ".name", ".data", ".flags"),
    "evt.rawarg": (".res", ".fd", ".size", ".flags", ".name"),
    "thread.cgroup": (".cpuset", ".memory"),
    "container.mount": ("[0]",),
    "evt.abspath": ("", ".src"),
    "evt.type.is": (".open", ".3"),
    **dict.fromkeys(
        (f"container.mount.{part}" for part in ("source", "dest", "mode", "rdwr", "propagation")), ("[0]",)
    ),
}


def shown(capture: Capture) -> Any:
    """The events that the reference prints."""
    return np.flatnonzero((capture.index.events.flags & EV_HIDDEN) == 0)


def fields() -> list[str]:
    """Every field that both readers know and compare, with arguments."""
    modules.load()
    found: list[str] = []
    for name, spec in specs().items():
        if spec.type_old and name in DEFINITIONS and name not in ASIDE:
            plain = () if spec.arg is ArgRule.REQUIRED else ("",)
            found += [name + arg for arg in ARGUMENTS.get(name, plain)]
    return found


def of_field(capture: Capture, field: str, limit: str) -> Iterator[str]:
    """Yield filters on one field; ``limit`` is what the field must be looked at together with."""
    cells = capture.fields.read(field, shown(capture))
    known = zip(cells.objects(capture.index.strings), cells.valid.tolist(), strict=True)
    counted = Counter(value for value, ok in known if ok).most_common()
    values = list(dict.fromkeys([value for value, _ in [*counted[:2], *counted[-1:]]]))
    definition = DEFINITIONS.get(field)
    several = definition is not None and definition.sides == 2
    checks = [] if several else [f"{field} exists"]
    literal = definition.literal if definition else ""
    if literal in ("ip", "net"):
        checks += _addresses(field, [str(value) for value in values] or ["10.0.0.1"], literal)
    elif cells.kind in (Kind.INT, Kind.UINT):
        checks += [
            f"{field}{op}{value}" for value in values or [1] for op in ("=", "!=", "<", "<=", ">", ">=")
        ]
        checks += [f"{field} in ({value}, 3, 99)" for value in values]
    elif cells.kind is Kind.BOOL:
        checks += [f"{field}=true", f"{field}!=true", f"{field}=false", f"{field} in (true,false)"]
    elif cells.kind is not Kind.FLOAT:  # 0.29.3 cannot compare those
        words = definition is not None and bool(definition.words)
        for value in values or ["x"]:
            checks += _texts(field, value if isinstance(value, bytes) else value.encode(), cells.kind, words)
    for check in checks:
        if " in (" in check and field.startswith(NO_LISTS):
            continue
        if " pmatch " in check and field.startswith("evt.rawarg"):
            continue  # 'pmatch requires all charbuf arguments'
        yield f"{limit}{check}" if field in ENDS else check


def _addresses(field: str, values: list[str], literal: str) -> Iterator[str]:
    for value in values[:2]:
        other = "1.2.3.4"
        if literal == "net":
            value, other = f"{value}/16" if "." in value else "10.0.0.0/8", "1.2.3.4/8"
        yield from (f"{field}={value}", f"{field}!={value}", f"{field} in ({value}, {other})")


def _texts(field: str, value: bytes, kind: Kind, words: bool) -> Iterator[str]:
    if len(value) > 300 or b"\0" in value:
        value = value[:40].replace(b"\0", b"x")
    whole, part = quote(value), value[len(value) // 3 :][:4] or b"x"
    yield from (f"{field}={whole}", f"{field}!={whole}", f"{field} in ({whole}, close)")
    if words:
        yield from (f"{field} {op} {whole}" for op in ("contains", "startswith", "glob", "<"))
        return
    yield f"{field} contains {quote(part)}"
    yield f"{field} startswith {quote(value[:3])}"
    yield f"{field} endswith {quote(value[-3:])}"
    if kind is Kind.BYTES:
        return
    yield f"{field} icontains {quote(part.swapcase())}"
    yield f"{field} glob {quote(value[:2] + b'*')}"
    yield f"{field} glob {quote(b'*' + part + b'*')}"
    yield f"{field} glob {quote(b'?' + value[1:])}"
    yield f"{field} pmatch ({whole}, /usr)"
    yield from (f"{field} {op} {whole}" for op in ("<", "<=", ">", ">="))


def single(capture: Capture, name: str, per_field: int) -> list[str]:
    """Return up to ``per_field`` filters on each field; over all fields every operator gets its turn."""
    limit = "fd.l4proto=tcp and " if name in UNSET_PEERS else ""
    dice = random.Random(name)
    found: list[str] = []
    for field in fields():
        cases = list(dict.fromkeys(of_field(capture, field, limit)))
        found += cases if len(cases) <= per_field else dice.sample(cases, per_field)
    return found


def joined(cases: list[str], count: int, seed: int) -> list[str]:
    """Return filters made of others with and, or, not, parentheses, and many ways to put blanks."""
    dice = random.Random(seed)

    def one(depth: int) -> str:
        if depth == 0 or dice.random() < 0.3:
            check = dice.choice(cases)
            return dice.choice((check, f"({check})", f"not {_safe(check)}", f"not ( {check} )"))
        word = dice.choice((" and ", " or ", "\tand\n", "\nor  "))  # never both on one level
        parts = [one(depth - 1) for _ in range(dice.randrange(2, 4))]
        inside = word.join(f"({part})" if " " in part else part for part in parts)
        return inside if dice.random() < 0.7 else f"not({inside})"

    return [one(dice.randrange(1, 4)) for _ in range(count)]


def _safe(check: str) -> str:
    return f"({check})" if " and " in check else check


def mutated(cases: list[str], count: int, seed: int) -> list[str]:
    """Return filters with a slip of the pen or two."""
    dice = random.Random(seed)
    pieces = [*"()'\" ,=<>!.[]x1\t\n-", " and ", " or ", " not ", " in ", "\\x41", '\\"']
    found: list[str] = []
    while len(found) < count:
        text = dice.choice((" and ", " or ")).join(dice.choice(cases) for _ in range(dice.randrange(1, 4)))
        for _ in range(dice.randrange(1, 3)):
            at = dice.randrange(len(text) + 1)
            text = text[:at] + dice.choice((dice.choice(pieces), "")) + text[at + dice.randrange(2) :]
        if text.strip() and not text.lstrip().startswith("-"):
            found.append(text)
    return found
