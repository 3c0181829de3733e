"""Mesos and Marathon from the records that captures of such clusters carry: which task runs where.

Inputs: JSON records in the order of the capture. Outputs: for a task id, the task, its framework and app.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .kubernetes import Pairs, pairs


@dataclass(frozen=True)
class Task:
    """A running task; ``app`` is empty while Marathon has said nothing about it."""

    name: str
    uid: str
    labels: Pairs
    framework_name: str
    framework_id: str
    app: str = ""
    app_labels: Pairs = ()

    @property
    def group(self) -> str:
        """The Marathon group of the app: its id up to the last slash."""
        head, slash, _ = self.app.rpartition("/")
        return head or slash


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _labels(value: object) -> Pairs:
    """Return the labels of a task: a list of objects with ``key`` and ``value``."""
    listed = (_dict(entry) for entry in _list(value))
    return tuple((_text(entry.get("key")), _text(entry.get("value"))) for entry in listed)


@dataclass
class Mesos:
    """Tasks and apps at one moment; records change them."""

    _tasks: dict[str, Task] = field(default_factory=dict)
    _apps: dict[str, Pairs] = field(default_factory=dict)  # id -> labels
    _app_of: dict[str, str] = field(default_factory=dict)  # task id -> app id
    _groups: set[str] = field(default_factory=set)

    def apply(self, record: object) -> None:
        """Take in a record; what is not one changes nothing."""
        entry = _dict(record)
        if "mesos_state" in entry:
            self._state(_dict(entry["mesos_state"]))
        if "marathon_groups" in entry:
            self._group(_dict(entry["marathon_groups"]), 0)
        if "marathon_apps" in entry:
            for app in _list(_dict(entry["marathon_apps"]).get("apps")):
                self._app(_dict(app))

    def _state(self, state: dict[str, Any]) -> None:
        """Take in all frameworks and tasks: what is not listed is gone."""
        self._tasks = {}
        for framework in map(_dict, _list(state.get("frameworks"))):
            name, uid = _text(framework.get("name")), _text(framework.get("id"))
            if framework.get("active") is not True or not name or not uid:
                continue
            for task in map(_dict, _list(framework.get("tasks"))):
                own = _text(task.get("id")) or _text(task.get("taskId"))
                title = _text(task.get("name")) or own.rpartition(".")[0]
                if task.get("state") == "TASK_RUNNING" and own and title and own not in self._tasks:
                    self._tasks[own] = Task(title, own, _labels(task.get("labels")), name, uid)

    def _group(self, group: dict[str, Any], depth: int) -> None:
        uid = _text(group.get("id"))
        if not uid or depth > 64:
            return
        self._groups.add(uid)
        for app in map(_dict, _list(group.get("apps"))):
            instances = app.get("instances")
            if isinstance(instances, int) and instances > 0 and _text(app.get("id")) not in self._apps:
                self._app(app)
        for inner in _list(group.get("groups")):
            self._group(_dict(inner), depth + 1)

    def _app(self, app: dict[str, Any]) -> None:
        uid = _text(app.get("id"))
        if "/" not in uid:
            return
        if isinstance(app.get("labels"), dict):
            self._apps[uid] = pairs(app["labels"])
        else:
            self._apps.setdefault(uid, ())
        for task in map(_dict, _list(app.get("tasks"))):
            if _text(task.get("id")) in self._tasks:
                self._app_of[_text(task.get("id"))] = uid

    def task(self, uid: str) -> Task | None:
        """Return the task with its app, None: no such task runs."""
        task = self._tasks.get(uid)
        app = self._app_of.get(uid, "") if self._groups else ""
        if task is None or not app:
            return task
        return Task(
            task.name,
            uid,
            task.labels,
            task.framework_name,
            task.framework_id,
            app,
            self._apps.get(app, ()),
        )
