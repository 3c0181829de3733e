"""The user's file of named filters and lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaptui.core.errors import DataFileError
from scaptui.core.macrofile import MacroFile, default_path, load

GOOD = """
schema = 1
kind = "filters"

[filters]
web = "fd.sport in ports"

[filters.noise]
filter = '''not web
  and evt.type in (futex, switch)'''
description = "What nobody wants."

[lists]
ports = [80, "http"]
shells = { items = ["sh", "bash"], description = "Shells." }
"""


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "filters.toml"
    path.write_text(GOOD)
    found = load(path)
    assert list(found.filters) == ["web", "noise"]
    assert found.filters["noise"].description == "What nobody wants."
    assert found.lists["ports"].items == ("80", "http")
    assert found.lists["shells"].items == ("sh", "bash")
    assert found.lists["shells"].description == "Shells."


BAD = [
    ("[filters\n", 1, "expected"),
    ("x = 1\n[filters]\n", 1, "no such key here"),
    ("[filter]\nweb='evt.num=1'\n", 1, "did you mean 'filters'"),
    ("filters = 3\n", 1, r"must be a table, \[filters\]"),
    ("schema = 2\n", 1, "must be 1"),
    ("kind = 'keymap'\n", 1, "must be 'filters'"),
    ("[filters]\n\nweb = 3\n", 3, "a filter in quotes"),
    ("[filters]\nweb = 'evt.num=1'\nbad = 'evt.num=1 and'\n", 3, "column 14 of the filter: expected"),
    (
        "[filters.bad]\ndescription='x'\nfilter = 'evt.num'\n",
        3,
        "column 8 of the filter: expected an operator",
    ),
    ("[filters]\na = 'evt.num=1'\n[filters.bad]\nfilter = 'a or b'\n", 4, "none called 'b'"),
    ("[filters.bad]\ndescription='x'\n", 1, "the key is missing"),
    ("[filters.bad]\nfilter='evt.num=1'\ndescribtion='x'\n", 3, "did you mean 'description'"),
    ("[filters.bad]\nfilter='evt.num=1'\ndescription=3\n", 3, "must be a text"),
    ("[filters]\na = 'b'\nb = 'a'\n", 2, "a calls b calls a"),
    ("[filters]\n'a b' = 'evt.num=1'\n", None, "letters, digits"),
    ("[filters]\nor = 'evt.num=1'\n", 2, "a word of the filter language"),
    ("[lists]\nx = 'sh'\n", 2, "must be a list of texts or whole numbers"),
    ("[lists]\nx = ['sh', 2.5]\n", 2, "must be a list of texts or whole numbers"),
    ("[lists]\nopen = ['sh']\n", 2, "expected another name"),
    ("[lists.x]\nitem = ['sh']\n", 2, "did you mean 'items'"),
]


@pytest.mark.parametrize(("text", "line", "reason"), BAD)
def test_a_bad_file_is_named_with_the_line(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    path = tmp_path / "filters.toml"
    path.write_text(text)
    with pytest.raises(DataFileError, match=reason) as caught:
        load(path)
    assert caught.value.path == str(path)
    if line is not None:
        assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "x.toml").write_bytes(b"\xff")
    with pytest.raises(DataFileError, match="not UTF-8"):
        load(tmp_path / "x.toml")


def test_a_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import scaptui.core.macrofile as module

    path = tmp_path / "filters.toml"
    path.write_text(GOOD)
    reads: list[Path] = []
    monkeypatch.setattr(module, "load", lambda p: (reads.append(p), load(p))[1])
    file = MacroFile(path)
    assert reads == []
    assert file.current() is file.current()
    assert len(reads) == 1
    path.write_text("[filters]\nbad = 3\n")
    for _ in range(2):
        with pytest.raises(DataFileError, match="a filter in quotes"):
            file.current()
    assert len(reads) == 2
    path.unlink()
    assert not file.current()


def test_where_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    assert default_path() == Path("/somewhere/scaptui/filters.toml")
    monkeypatch.setenv("HOME", "/home/me")
    for unusable in ("", "relative"):
        monkeypatch.setenv("XDG_CONFIG_HOME", unusable)
        assert default_path() == Path("/home/me/.config/scaptui/filters.toml")
