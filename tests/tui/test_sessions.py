"""Who ran what: commands below the processes that started them."""

from __future__ import annotations

from scaptui.tui.sessions import Started, terminal, tree


def started(event: int, pid: int, parent: int, command: str, **more: object) -> Started:
    """Return a command of root in the container web on pts/0."""
    values = {
        "user": "root",
        "container": "web",
        "tty": 34816,
        "session": 7,
        "parent_name": "sh",
        "directory": "/",
    }
    return Started(event, f"t{event}", pid=pid, parent=parent, command=command, **(values | more))  # type: ignore[arg-type]


def shown(rows: object) -> list[str]:
    """Return the last cells of all lines."""
    return [cells[3] for cells in rows.rows(0, rows.count)]  # type: ignore[attr-defined]


def test_commands_hang_below_what_started_them() -> None:
    rows = tree(
        [
            started(1, 10, 5, "bash", parent_name="sshd"),
            started(2, 11, 10, "ls"),
            started(3, 12, 10, "sh run.sh"),
            started(4, 13, 12, "date"),
        ]
    )
    assert shown(rows) == [
        "▾ root in web, pts/0, session 7",
        "└ ▾ sshd (5)",
        "  └ ▾ bash",
        "    ├ ls",
        "    └ ▾ sh run.sh",
        "      └ date",
    ]


def test_a_change_of_directory_stands_in_its_shell() -> None:
    rows = tree(
        [started(1, 10, 5, "bash"), started(2, 10, 5, "cd /tmp", inside=True), started(3, 11, 10, "ls")]
    )
    assert shown(rows)[2:] == ["  └ ▾ bash", "    ├ cd /tmp", "    └ ls"]


def test_an_unknown_parent_is_left_out() -> None:
    assert shown(tree([started(1, 10, 0, "bash", parent_name="")])) == [
        "▾ root in web, pts/0, session 7",
        "└ bash",
    ]


def test_sessions_on_a_terminal_come_first() -> None:
    rows = tree([started(1, 10, 0, "cron", tty=0, session=0), started(2, 20, 0, "bash")])
    assert shown(rows)[0].startswith("▾ root in web, pts/0")
    assert shown(rows)[2] == "▾ root in web, no terminal"


def test_folding_hides_what_is_below_and_keeps_keys() -> None:
    rows = tree([started(1, 10, 5, "bash"), started(2, 11, 10, "ls"), started(3, 30, 0, "cron", tty=0)])
    folded = rows.toggled(1)
    assert shown(folded)[1] == "└ ▸ sh (5)"
    assert folded.count == rows.count - 2
    assert folded.find_key(rows.key(4)) == 2
    assert shown(folded.toggled(1)) == shown(rows)


def test_a_line_leads_to_the_system_calls_of_its_process_or_session() -> None:
    rows = tree([started(1, 10, 5, "bash")])
    assert rows.target(0).filter == "proc.sid=7 and proc.tty=34816"
    assert [rows.target(n).filter for n in (1, 2)] == ["proc.pid=5", "proc.pid=10"]
    assert [rows.event(n) for n in range(3)] == [None, None, 1]


def test_terminals_have_names() -> None:
    names = [terminal(number) for number in (0, -1, 34816, 34817, 136 << 8 | 255, 137 << 8, 1025)]
    assert names == ["", "", "pts/0", "pts/1", "pts/255", "pts/256", "tty1"]


def test_a_long_chain_of_processes_is_no_deep_call() -> None:
    rows = tree([started(n, 10 + n, 9 + n, f"sh {n}") for n in range(3000)])
    assert rows.count == 3002
    last = rows.rows(rows.count - 1, rows.count)[0][3]
    assert last.endswith("└ sh 2999")
    assert len(last) < 500


def test_every_line_has_something_inside() -> None:
    rows = tree([started(7, 10, 5, "bash")])
    assert [rows.inside(n) for n in range(3)] == [7, 7, 7]
    assert rows.toggled(0).inside(0) == 7
