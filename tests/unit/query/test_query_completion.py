"""What a filter can go on with: the place of the cursor, and offers that do what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaptui.core.capture import Capture
from scaptui.core.errors import Cancelled, FilterError
from scaptui.core.query.completion import OPERATORS, TRANSFORMERS, Completion, complete
from scaptui.core.query.define import DEFINITIONS
from scaptui.core.query.macros import Macros, NamedFilter, NamedList
from scaptui.core.query.places import Expected, place_at
from scaptui.core.query.predicates import ALLOWED
from scaptui.core.query.registry import ArgRule, documented

MACROS = Macros(
    [NamedFilter("web", "fd.sport=80", "what the web sees"), NamedFilter("odd", "not web")],
    [NamedList("shells", ("sh", "bash"))],
)


@pytest.fixture(scope="module")
def capture(demo: Path) -> Capture:
    """The demo capture."""
    return Capture.open(demo, macros=MACROS)


def offered(capture: Capture, text: str, cursor: int | None = None) -> Completion:
    """Complete a text at its end, or at the cursor."""
    found = capture.completion(text, len(text) if cursor is None else cursor)
    assert found is not None
    return found


def words(found: Completion) -> list[str]:
    """Return the offers as they are written."""
    return [offer.text for offer in found.offers]


@pytest.mark.parametrize(
    ("text", "expected", "word", "left"),
    [
        ("", Expected.CHECK, "", None),
        ("   ", Expected.CHECK, "", None),
        ("proc.na", Expected.CHECK, "proc.na", None),
        ("proc.", Expected.CHECK, "proc.", None),
        ("evt.arg.", Expected.CHECK, "evt.arg.", None),
        ("not ", Expected.CHECK, "", None),
        ("not (pro", Expected.CHECK, "pro", None),
        ("proc.name=x and ", Expected.CHECK, "", None),
        ("proc.name=x or we", Expected.CHECK, "we", None),
        ("tolower(", Expected.FIELD, "", None),
        ("tolower(proc.n", Expected.FIELD, "proc.n", None),
        ("concat(proc.name, fd", Expected.FIELD, "fd", None),
        ("proc.name=val(pro", Expected.FIELD, "pro", None),
        ("proc.name ", Expected.OPERATOR, "", "proc.name"),
        ("proc.aname[2] ", Expected.OPERATOR, "", "proc.aname[2]"),
        ("proc.name con", Expected.OPERATOR, "con", "proc.name"),
        ("proc.name !", Expected.OPERATOR, "!", "proc.name"),
        ("tolower(proc.name) ", Expected.OPERATOR, "", "tolower(proc.name)"),
        ("proc.name=", Expected.VALUE, "", "proc.name"),
        ("proc.name = ng", Expected.VALUE, "ng", "proc.name"),
        ('proc.name="a b', Expected.VALUE, "a b", "proc.name"),
        ("proc.name='", Expected.VALUE, "", "proc.name"),
        ("fd.sport in (80, 4", Expected.VALUE, "4", "fd.sport"),
        ("fd.sport in (", Expected.VALUE, "", "fd.sport"),
        ("fd.sport = anyof (8", Expected.VALUE, "8", "fd.sport"),
        ("proc.name in ", Expected.LIST, "", "proc.name"),
        ("proc.name in sh", Expected.LIST, "sh", "proc.name"),
        ("proc.name=x ", Expected.JOINT, "", None),
        ("(proc.name=x an", Expected.JOINT, "an", None),
        ('proc.name="x"', Expected.JOINT, "", None),
        ("evt.failed exists ", Expected.JOINT, "", None),
        ("web o", Expected.JOINT, "o", None),
    ],
)
def test_the_grammar_says_what_is_expected(
    text: str, expected: Expected, word: str, left: str | None
) -> None:
    place = place_at(text, len(text))
    assert place is not None
    assert (place.expected, place.word) == (expected, word)
    assert place.end == len(text)
    assert text[place.start : place.end].lstrip("\"'") == word
    assert (None if place.left is None else str(place.left)) == left


@pytest.mark.parametrize("text", ["proc.name=x) ", "proc.aname[", "proc.aname[1", "= 3 ", "proc.name=a b c"])
def test_behind_a_mistake_and_in_brackets_nothing_is_expected(text: str) -> None:
    assert place_at(text, len(text)) is None


def test_the_rest_of_a_name_belongs_to_the_word() -> None:
    place = place_at("not proc.name=x", 8)
    assert place is not None
    assert (place.start, place.end, place.word) == (4, 13, "proc")
    place = place_at("proc.name=x", 0)
    assert place is not None
    assert (place.start, place.end) == (0, 0)


PIECES = [
    "proc.name",
    "=",
    " ",
    "(",
    ")",
    "'",
    '"',
    ",",
    "and ",
    "not ",
    "in ",
    "[",
    "val(",
    "x",
    "web",
    "\\",
    ".",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 60))
def test_a_place_is_inside_the_text_whatever_is_typed(text: str, cursor: int) -> None:
    cursor = min(cursor, len(text))
    place = place_at(text, cursor)
    if place is not None:
        assert 0 <= place.start <= cursor <= place.end <= len(text)
        assert text[:cursor].endswith(place.word)


def test_deep_nesting_ends_as_a_mistake() -> None:
    assert place_at("(" * 5000, 5000) is None
    assert place_at("tolower(" * 5000, 40_000) is None


def test_every_field_is_offered_with_its_meaning(capture: Capture) -> None:
    offers = {offer.shown: offer for offer in offered(capture, "").offers}
    for spec in documented():
        offer = offers[spec.written]
        assert spec.desc in offer.about
        assert offer.kind
        if spec.name not in DEFINITIONS:
            assert "not here: it " in offer.about
        elif spec.arg is not ArgRule.REQUIRED:
            assert capture.fields.resolve(offer.text)


def test_named_filters_and_lists_are_offered(capture: Capture) -> None:
    found = {offer.text: offer for offer in offered(capture, "w").offers}
    assert found["web"].about == "what the web sees"
    assert found["odd"].about == "not web"
    lists = offered(capture, "proc.name in ")
    assert words(lists) == ["(", "shells"]
    assert lists.offers[1].about == "sh, bash"


def test_arguments_with_names_are_offered_once_the_field_is_written(capture: Capture) -> None:
    assert "evt.arg.fd" not in words(offered(capture, "evt.arg"))
    assert "evt.arg.fd" in words(offered(capture, "evt.arg."))
    assert "evt.type.is.openat" in words(offered(capture, "evt.type.is."))
    for text in ("evt.arg.", "evt.rawarg.", "evt.type.is."):
        for word in words(offered(capture, text)):
            if word.startswith(text) and word != text:
                assert capture.fields.resolve(word)


@pytest.mark.parametrize(
    "field",
    [
        "proc.name",
        "proc.pid",
        "fd.ip",
        "fd.net",
        "evt.failed",
        "evt.buffer",
        "fd.types",
        "tolower(proc.name)",
    ],
)
def test_operators_work_on_the_field_they_are_offered_for(capture: Capture, field: str) -> None:
    value = {
        "proc.pid": "1",
        "fd.ip": "10.0.0.1",
        "fd.net": "10.0.0.0/8",
        "evt.failed": "true",
        "evt.buffer": "00",
    }
    usable = {word.strip() for word in words(offered(capture, f"{field} "))}
    for op in OPERATORS:
        right = value.get(field, "x")
        right = "" if op == "exists" else f"({right})" if op in ("in", "intersects", "pmatch") else right
        try:
            capture.compile(f"{field} {op} {right}")
        except FilterError:
            assert op not in usable, op
        else:
            assert op in usable, op


def test_every_operator_and_transformer_is_explained() -> None:
    from scaptui.core.query.ast import SCALAR_OPERATORS, WORD_OPERATORS
    from scaptui.core.query.ast import TRANSFORMERS as KNOWN

    assert set(OPERATORS) == {*SCALAR_OPERATORS, *WORD_OPERATORS}
    assert set(OPERATORS) == {op for ops in ALLOWED.values() for op in ops}
    assert set(TRANSFORMERS) == set(KNOWN)


def check_values(capture: Capture, field: str) -> int:
    """Check that a filter on an offered value finds as many events as were promised."""
    before, after = (f"{field} intersects (", ")") if field == "fd.types" else (f"{field}=", "")
    found = offered(capture, before)
    for offer in found.offers[:3] + found.offers[-1:]:
        count = int(offer.kind.partition(" ")[0].replace(",", ""))
        assert len(capture.select(before + offer.text + after)) == count, (field, offer)
    return len(found.offers)


def test_a_filter_on_an_offered_value_finds_what_was_promised(capture: Capture) -> None:
    names = [
        spec.name for spec in documented() if spec.arg is not ArgRule.REQUIRED and spec.name in DEFINITIONS
    ]
    filled = [name for name in names if check_values(capture, name)]
    assert len(filled) > 100


def test_values_of_an_old_capture(capture_file: Callable[[str], Path]) -> None:
    capture = Capture.open(capture_file("haproxy-502.scap"))
    for name in (
        "proc.name",
        "fd.sport",
        "evt.type",
        "fd.ip",
        "evt.arg.fd",
        "proc.aname[1]",
        "container.name",
    ):
        assert check_values(capture, name), name
    assert words(offered(capture, "proc.name="))[:2] == ["curl", "haproxy"]


def test_values_are_of_the_time_that_is_asked_for(capture: Capture) -> None:
    middle = (capture.start_ts + capture.end_ts) // 2
    found = capture.completion("evt.type=", 9, (capture.start_ts, middle))
    assert found is not None
    for offer in found.offers:
        rows = capture.select(f"evt.type={offer.text}", (capture.start_ts, middle))
        assert offer.kind == f"{len(rows):,} event{'' if len(rows) == 1 else 's'}"


def test_an_unknown_field_has_neither_operators_nor_values(capture: Capture) -> None:
    assert offered(capture, "proc.nam ").offers == ()
    assert offered(capture, "proc.nam=").offers == ()


def test_collecting_values_can_be_cancelled(capture: Capture) -> None:
    rows = np.arange(capture.count, dtype=np.int64)
    with pytest.raises(Cancelled):
        complete("proc.name=", 10, capture.fields, MACROS, rows, lambda: True)


def test_an_offer_says_whether_it_needs_a_blank_before_it(capture: Capture) -> None:
    assert not offered(capture, 'proc.name="x"').joined
    assert offered(capture, "proc.name=x ").joined
    assert offered(capture, "proc.name=").joined
    assert offered(capture, "fd.sport in (").joined
