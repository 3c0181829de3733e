"""Every event code of the newest catalogue: its parameters read as the types of the catalogue say."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builder import CaptureBuilder, ip
from event_variety import FIRST, furnish, number, values

from scaptui.core.capture import Capture
from scaptui.core.query.args import ArgReader
from scaptui.core.schema.catalogue import EventInfo, Param, events, tables

EACH = 4  # events of a code
EXITS = 64
OWN = {"IPV4ADDR": ip("1.2.3.4"), "IPV6ADDR": ip("2001:db8::7"), "PORT": struct.pack("<H", 8080)}
NUMBERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")


def drawn(rng: random.Random, param: Param) -> bytes:
    """Return a value of a parameter, also for the types that old captures do not have."""
    kind = param.type
    if kind in OWN:
        return OWN[kind]
    if kind == "ABSTIME":
        return number(kind, 1_700_000_000_000_000_005)
    if kind in ("CHARBUFARRAY", "CHARBUF_PAIR_ARRAY"):
        return b"ls\0-l\0"
    if kind.startswith("ENUMFLAGS"):
        rows: list[list[Any]] = tables()["flag_tables"].get(param.flags or "", [])
        return number(kind, rng.choice([*(int(value) for _, value in rows), 9, 250]))
    alike = {"PID32": "PID", "FD32": "FD"}.get(kind, kind)
    value = rng.choice(values(rng, Param(param.name, alike, param.fmt, param.flags, None, param.dyn), FIRST))
    return value[:4] if kind in alike and kind.endswith("32") and alike != kind else value


def expected(param: Param, raw: bytes) -> str | None:
    """Return the text of a parameter, None for types whose text hangs on the state of the machine."""
    kind = param.type
    value = int.from_bytes(raw, "little", signed=True)
    if kind in NUMBERS:
        size = max(len(raw), 4)
        if param.fmt == "HEX":
            return f"{value & (1 << 8 * size) - 1 if kind[0] == 'I' else value & (1 << 8 * len(raw)) - 1:X}"
        unsigned = int.from_bytes(raw, "little")
        if param.fmt == "OCT":
            return f"0{unsigned:o}" if unsigned else "0"
        return str(value if kind[0] == "I" or len(raw) >= 4 else unsigned)
    if kind.startswith("ENUMFLAGS"):
        rows = tables()["flag_tables"].get(param.flags or "", [])
        names = "|".join(name for name, bits in rows if bits == int.from_bytes(raw, "little"))
        return names or str(int.from_bytes(raw, "little"))
    if kind in ("BYTEBUF", "CHARBUFARRAY", "CHARBUF_PAIR_ARRAY"):
        dotted = "".join(chr(b) if 32 <= b < 127 else "." for b in raw)
        return dotted or "NULL"
    if kind == "CHARBUF":
        return raw.split(b"\0")[0].decode("utf-8", "replace") if raw else "<NA>"
    return {"IPV4ADDR": "1.2.3.4", "IPV6ADDR": "2001:db8::7", "PORT": "8080"}.get(kind)


def flags_told(param: Param, raw: bytes, text: str) -> bool:
    """Whether the names in ``text`` cover exactly the known bits of a flags parameter."""
    rows = dict((name, value) for name, value in tables()["flag_tables"].get(param.flags or "", []))
    value = int.from_bytes(raw, "little")
    named = 0
    for name in text.split("|") if not text.isdigit() else []:
        named |= rows[name]
    known = 0
    for bits in rows.values():
        known |= bits if value & bits == bits else 0
    return named == known and named & ~value == 0


@pytest.mark.parametrize("part", range(10))
def test_every_code(tmp_path: Path, part: int) -> None:
    rng = random.Random(part)
    made = CaptureBuilder(modern=True)
    held: list[tuple[EventInfo, list[bytes]]] = []
    chosen = [event for event in events(True)[part::10] if "UNUSED" not in event.flags]
    furnish(made, FIRST)
    for _ in range(EXITS):
        made.open(FIRST, 20, "/x")  # a row of exits says of which kind the capture is
    for event in chosen:
        for _ in range(EACH):
            params = [drawn(rng, param) for param in event.params]
            made.event(event.id, FIRST, params)
            held.append((event, params))
    with Capture.open(made.save(tmp_path / "made.scap")) as capture:
        assert capture.count == EXITS + len(held)
        assert capture.modern
        reader = ArgReader(capture.index, capture.records)
        rows = np.arange(EXITS, EXITS + len(held))
        lines = [line.decode("utf-8", "replace") for line in reader.lines(rows)]
        width = max(len(event.params) for event, _ in held)
        texts = [reader.text(place, rows).texts(capture.index.strings) for place in range(width)]
    for row, (event, params) in enumerate(held):
        if event.id > 1:
            names = r" ".join(rf"{re.escape(param.name)}=.*" for param in event.params)
            assert re.fullmatch(names, lines[row], re.DOTALL), event.sym
        for place, (param, raw) in enumerate(zip(event.params, params, strict=True)):
            text = texts[place][row]
            assert text is not None, (event.sym, param)
            wanted = expected(param, raw)
            assert wanted is None or text == wanted, (event.sym, param, raw)
            if param.type.startswith("FLAGS"):
                assert flags_told(param, raw, text), (event.sym, param, raw, text)
            assert "n.a." not in text


@pytest.mark.parametrize("part", range(10))
def test_damaged_parameters_do_no_harm(tmp_path: Path, part: int) -> None:
    rng = random.Random(part)
    made = CaptureBuilder(modern=True)
    count = 0
    for event in events(True)[part::10]:
        for _ in range(EACH):
            params = [drawn(rng, param) for param in event.params]
            made.event(event.id, FIRST, [value[: rng.randrange(len(value) + 1)] for value in params])
            count += 1
    with Capture.open(made.save(tmp_path / "made.scap")) as capture:
        reader = ArgReader(capture.index, capture.records)
        lines = list(reader.lines(np.arange(capture.count)))
    assert len(lines) == count
