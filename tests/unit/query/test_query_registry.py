from __future__ import annotations

import numpy as np
import pytest

from scaptui.core.capture import Capture
from scaptui.core.errors import FilterError
from scaptui.core.index.tables import Index
from scaptui.core.query import modules
from scaptui.core.query.cells import Kind
from scaptui.core.query.define import DEFINITIONS, Definition, define
from scaptui.core.query.registry import ArgRule, kind_of, lookup, nearest, specs
from scaptui.core.schema.catalogue import field_list


def test_every_field_of_the_catalogue_is_known() -> None:
    assert list(specs()) == [raw["name"] for raw in field_list()]
    assert len(specs()) > 300
    for spec in specs().values():
        assert spec.label
        assert spec.type(True)
        assert spec.type(False)
        assert spec.generation in ("both", "old", "new", "own")


def test_types_follow_the_generation() -> None:
    tty = specs()["proc.tty"]
    assert (tty.type(False), tty.type(True)) == ("INT32", "UINT32")
    assert specs()["container.id"].type(True) == "CHARBUF"  # only the old list has it
    assert specs()["fd.ino"].type(False) == "INT64"


@pytest.mark.parametrize(
    ("text", "name", "arg"),
    [
        ("proc.name", "proc.name", None),
        ("evt.arg.fd", "evt.arg", "fd"),
        ("evt.type.is.open", "evt.type.is", "open"),
        ("evt.type.is.3", "evt.type.is", "3"),
        ("thread.cgroup.cpuset", "thread.cgroup", "cpuset"),
        ("evt.abspath.src", "evt.abspath", "src"),
        ("evt.count.error.file", "evt.count.error.file", None),
        ("container.mount.source", "container.mount.source", None),
        ("k8s.pod.label.app", "k8s.pod.label", "app"),
    ],
)
def test_lookup(text: str, name: str, arg: str | None) -> None:
    found = lookup(text)
    assert found is not None
    assert (found[0].name, found[1]) == (name, arg)


@pytest.mark.parametrize(
    "text", ["proc.nam", "proc", "evt", "proc.aname.2", "container.mount.sorce", "evt.foo.bar"]
)
def test_lookup_of_unknown_names(text: str) -> None:
    assert lookup(text) is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("proc.nam", "proc.name"),
        ("Proc.Name", "proc.name"),
        ("contaner.id", "container.id"),
        ("x.zzzzzz", None),
    ],
)
def test_nearest(wrong: str, right: str | None) -> None:
    assert nearest(wrong) == right


def test_definitions_belong_to_fields() -> None:
    modules.load()
    assert set(DEFINITIONS) <= set(specs())
    assert len(DEFINITIONS) > 220
    with pytest.raises(ValueError, match="twice"):
        define("proc.name", Definition())


def test_kinds() -> None:
    assert kind_of("UINT64") is Kind.UINT
    assert kind_of("INT32") is kind_of("PORT") is Kind.INT
    assert kind_of("IPNET") is Kind.IP
    assert kind_of("FSPATH") is Kind.STR


RESOLVED = [
    "proc.name",
    "proc.aname",
    "proc.aname[3]",
    "evt.arg.fd",
    "evt.arg[0]",
    "proc.env[HOME]",
    "evt.around[5]",
]


@pytest.mark.parametrize("text", RESOLVED)
def test_resolve(old: Capture, text: str) -> None:
    ref = old.fields.resolve(text)
    assert ref.text == text
    assert old.fields.resolve(ref.text) == ref


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("proc.nam", "none called 'proc.nam'", "proc.name"),
        ("evt.arg", "argument after evt.arg", None),
        ("proc.name[1]", "takes none", None),
        ("proc.aname[x]", "a level", None),
        ("proc.aname[]", "an argument", None),
        ("evt.arg.nme", "no event has one called 'nme'", "name"),
        ("evt.rawarg.zzzzzz", "no event has one", None),
        ("evt.type.is.opn", "none called 'opn'", "open"),
        ("evt.type.is.99999", "an event number", None),
        ("evt.around[x]", "a time in ns", None),
        ("evt.abspath.foo", "evt.abspath.dst", None),
        ("thread.cgroup.a-b", "a cgroup subsystem", None),
        ("fd.cip.name", "name server", None),
        ("evt.pluginname", "plugin", None),
        ("k8s.pod.label", "an argument", None),
        ("k8s.pod.label[a b]", "the key of a label", None),
        ("mesos.task.label[a,b]", "the key of a label", None),
        ("fd.types[x]", "the number of a descriptor", None),
        ("proc.name x", "the end of the field", None),
        ("", "a field name", None),
    ],
)
def test_resolve_says_what_is_wrong(old: Capture, text: str, reason: str, suggestion: str | None) -> None:
    with pytest.raises(FilterError) as caught:
        old.fields.resolve(text)
    assert reason in caught.value.reason
    assert caught.value.suggestion == suggestion


def test_every_definition_answers(old: Capture, new: Capture) -> None:
    """Every field has a value of its kind for every event and every thread of both captures."""
    arguments = {"evt.arg": "fd", "evt.rawarg": "res", "evt.type.is": "open", "evt.around": "1"}
    for capture in (old, new):
        index: Index = capture.index
        rows = np.arange(capture.count)
        lives = np.arange(len(index.lives.tid))
        for name in DEFINITIONS:
            spec = specs()[name]
            numbered = spec.group in ("container", "span", "evtin")
            arg = arguments.get(name, "0" if numbered else "cpuset")
            text = f"{name}[{arg}]" if spec.arg is ArgRule.REQUIRED else name
            for cells in (
                capture.fields.read(text, rows),
                capture.fields.read_threads(text, lives, capture.end_ts),
                capture.fields.read(text, rows[:0]),
            ):
                texts = cells.texts(index.strings)
                assert len(texts) == len(cells) == len(cells.values)
                assert cells.valid.dtype == np.bool_
                assert capture.fields.kind(text) is cells.kind, text
