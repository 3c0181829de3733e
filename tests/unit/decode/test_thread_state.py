"""Threads through clone, exec, exit and the calls that change them, in both generations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture


class Opened:
    """A capture and its rows by event number, for short assertions."""

    def __init__(self, builder: CaptureBuilder, folder: Path) -> None:
        self.capture = Capture.open(builder.save(folder / "made.scap"))
        self.index = self.capture.index

    def row(self, number: int) -> int:
        return int(self.index.events.thread[number - 1])

    def value(self, number: int, column: str) -> int:
        return int(getattr(self.index.threads, column)[self.row(number)])

    def text(self, number: int, column: str) -> str:
        return self.index.strings.text(self.value(number, column))

    def parent(self, number: int) -> str | None:
        parent = int(self.index.parent[self.row(number)])
        return None if parent < 0 else self.index.strings.text(int(self.index.threads.comm[parent]))

    def cwd(self, number: int) -> str:
        main = int(self.index.main[self.row(number)])
        return self.index.strings.text(int(self.index.threads.cwd[main]))


@pytest.fixture(params=[True, False], ids=["modern", "old"])
def modern(request: pytest.FixtureRequest) -> bool:
    return request.param


def shell(modern: bool) -> CaptureBuilder:
    return CaptureBuilder(modern).proc(1, "init", cwd=b"/").proc(10, "bash", ptid=1, cwd=b"/home")


def last(builder: CaptureBuilder) -> int:
    return len(builder._events)


def test_process_list_is_the_first_state(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).openat(10, 3, "/etc/hosts")
    made = Opened(builder, tmp_path)
    number = last(builder)
    assert made.text(number, "comm") == "bash"
    assert made.cwd(number) == "/home/"
    assert made.parent(number) == "init"


def test_clone_copies_the_parent_and_exec_replaces_it(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).clone(10, 20, "bash", ptid=1)
    forked = last(builder)
    builder.execve(20, "/usr/bin/curl", ["-s", "http://x"], ptid=10)
    replaced = last(builder)
    made = Opened(builder, tmp_path)
    assert made.text(forked, "comm") == "bash"
    assert made.cwd(forked) == "/home/"
    assert made.value(forked, "ptid") == 10
    assert made.text(replaced, "comm") == "curl"
    assert made.text(replaced, "exepath") == "/usr/bin/curl"
    assert made.text(replaced, "args") == "-s\0http://x\0"
    assert made.parent(replaced) == "bash"


def test_failed_exec_changes_nothing(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).execve(10, "/no/such", res=-2)
    made = Opened(builder, tmp_path)
    assert made.text(last(builder), "comm") == "bash"


def test_a_parent_that_execs_later_is_seen_by_its_child_from_then_on(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).clone(10, 20, "bash", ptid=1).openat(20, 3, "/a")
    before = last(builder)
    builder.execve(10, "/usr/bin/python3", ptid=1).openat(20, 4, "/b")
    after = last(builder)
    made = Opened(builder, tmp_path)
    assert made.parent(before) == "bash"
    assert made.parent(after) == "python3"


def test_exit_removes_the_thread_after_its_event(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).procexit(10, 256)
    gone = last(builder)
    builder.openat(10, 3, "/x")
    made = Opened(builder, tmp_path)
    assert made.text(gone, "comm") == "bash"
    assert made.text(last(builder), "comm") == "<NA>"
    life = np.flatnonzero(made.index.lives.tid == 10)
    assert made.index.lives.end_event[life].tolist()[0] == gone
    assert made.index.lives.exit_status[life].tolist()[0] == 256


def test_tid_reuse_makes_a_new_entry(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).clone(10, 20, "bash").procexit(20).clone(1, 20, "init").openat(20, 3, "/x")
    made = Opened(builder, tmp_path)
    assert made.parent(last(builder)) == "init"
    assert (made.index.lives.tid == 20).sum() == 2


def test_chdir_of_a_thread_moves_its_process(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).proc(11, "worker", pid=10, ptid=1).chdir(11, "logs").openat(10, 3, "today")
    made = Opened(builder, tmp_path)
    number = last(builder)
    assert made.cwd(number) == "/home/logs/"
    name = made.index.fds.name[made.index.events.fd[number - 1]]
    assert made.index.strings[int(name)] == b"/home/logs/today"


def test_setuid_shows_from_its_event_on(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).openat(10, 3, "/x")
    before = last(builder)
    builder.setuid(10, 33)
    made = Opened(builder, tmp_path)
    assert made.value(before, "uid") == 0
    assert made.value(last(builder), "uid") == 33


def test_threads_never_seen_are_made_up(modern: bool, tmp_path: Path) -> None:
    builder = shell(modern).openat(99, 3, "/x")
    made = Opened(builder, tmp_path)
    number = last(builder)
    assert made.text(number, "comm") == "<NA>"
    assert made.value(number, "pid") == (-1 if modern else 99)
    assert made.value(number, "uid") == 0xFFFFFFFF


def test_ancestry_in_a_circle_ends(modern: bool, tmp_path: Path) -> None:
    builder = CaptureBuilder(modern).proc(5, "a", ptid=6).proc(6, "b", ptid=5).openat(5, 3, "/x")
    made = Opened(builder, tmp_path)
    assert made.text(last(builder), "comm") == "a"
    assert made.capture.fields.read("proc.aname[3]", np.array([0])).valid.shape == (1,)


def test_latency_runs_from_enter_to_exit(tmp_path: Path) -> None:
    builder = shell(False).openat(10, 3, "/x")
    made = Opened(builder, tmp_path)
    assert made.index.events.latency.tolist()[-1] == 1000
    assert Opened(shell(True).openat(10, 3, "/x"), tmp_path).index.events.latency.tolist()[-1] == 0


def test_a_second_section_starts_the_tables_anew(modern: bool, tmp_path: Path) -> None:
    one = shell(modern).openat(10, 3, "/x")
    two = CaptureBuilder(modern).proc(10, "other", cwd=b"/").read(10, 3, b"hi")
    path = tmp_path / "two.scap"
    path.write_bytes(one.bytes() + two.bytes())
    index = Capture.open(path).index
    assert len(index.events.ts) == last(one) + last(two)
    row = int(index.events.thread[-1])
    assert index.strings.text(int(index.threads.comm[row])) == "other"
    assert int(index.events.fd[-1]) == -1
    assert index.damage == []


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("cpu=/docker/" + "ab" * 32, "ab" * 6),
        ("cpu=/system.slice/docker-" + "ab" * 32 + ".scope", "ab" * 6),
        ("cpu=/kubepods/burstable/pod1/" + "cd" * 32, "cd" * 6),
        ("cpu=/machine.slice/libpod-" + "cd" * 32 + ".scope/container", "cd" * 6),
        ("cpu=/lxc/myct", "myct"),
        ("cpu=/docker/" + "ab" * 20, "host"),
        ("cpu=/", "host"),
    ],
)
def test_containers_are_found_by_cgroup(item: str, expected: str, modern: bool, tmp_path: Path) -> None:
    builder = CaptureBuilder(modern).proc(7, "app", cgroups=item.encode()).openat(7, 3, "/x")
    made = Opened(builder, tmp_path)
    container = int(made.index.container[made.row(last(builder))])
    assert made.index.containers[container].id == expected


def test_container_records_name_containers_for_their_whole_life(modern: bool, tmp_path: Path) -> None:
    cid = "ab" * 6
    described = {"id": cid, "name": "web", "image": "nginx:1", "type": 0, "labels": {"a": "b"}}
    record = json.dumps({"container": described})
    builder = CaptureBuilder(modern).proc(7, "app", cgroups=b"cpu=/docker/" + b"ab" * 32)
    builder.openat(7, 3, "/x").container(record)
    made = Opened(builder, tmp_path)
    container = made.index.containers[int(made.index.container[made.row(1)])]
    assert (container.name, container.image, container.labels) == ("web", "nginx:1", {"a": "b"})
