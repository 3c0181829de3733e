"""Which capture shows something in which view: for pictures of all views, in tests and for people."""

from __future__ import annotations

from pathlib import Path

import cluster_story
import views_story

PROJECT = Path(__file__).resolve().parent.parent
DEMO = "http500.scap"
CRASHLOOP, SHELL, LEAK = "lab2-crashloop.scap", "lab3-shell.scap", "lab4-leak.scap"
STORY, CLUSTER = "story-old.scap", "cluster.scap"  # made up: the others hold none of this

_WHERE = {
    CRASHLOOP: ("dns", "proc_exits", "procs", "procs_cpu", "procs_errors", "threads", "files", "directories"),
    SHELL: ("sessions", "spy_users", "spy_users_wsysdig", "dig", "echo", "page_faults", "procs_fd_usage"),
    LEAK: ("connections", "sports", "proc_tree", "users"),
    STORY: (
        "backlog",
        "docker_events",
        "notifications",
        "port_bindings",
        "slow_io",
        "spectro_all",
        "spectro_file",
        "spy_syslog",
    ),
}
_CLUSTER = ("kubernetes_", "marathon_", "mesos_", "spans_", "traces_")


def capture_of(view: str) -> str:
    """Return the name of the capture to show in a view."""
    if view.startswith(_CLUSTER) or view == "spectro_traces":
        return CLUSTER
    return next((name for name, views in _WHERE.items() if view in views), DEMO)


def path_of(name: str, folder: Path) -> Path:
    """Return where a capture is; one that is made up is written to ``folder``."""
    if name == CLUSTER:
        return cluster_story.save(folder)
    if name == STORY:
        return views_story.save(folder, False)
    return PROJECT / "tui" / "demo" / name if name == DEMO else PROJECT / "tests" / "captures" / name
