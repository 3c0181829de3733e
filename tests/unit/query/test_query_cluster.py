"""Kubernetes and Mesos: what labels and records say of containers, and that nothing of them is trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builder import CaptureBuilder

from scaptui.core.capture import Capture
from scaptui.core.query.kubernetes import Cluster
from scaptui.core.query.mesos import Mesos

WEB = "0123456789ab" + "c" * 52
POD = "io.kubernetes.pod."


def container(**more: Any) -> str:
    return json.dumps({"container": {"id": WEB[:12], "full_id": WEB, "type": 0, "name": "web", **more}})


def capture(folder: Path, modern: bool, described: str, *records: tuple[str, str]) -> Capture:
    b = CaptureBuilder(modern, event_version=2 if modern else 1).proc(1, "init", ptid=0)
    b.proc(30, "server", ptid=1, cgroups=[f"cpuset=/docker/{WEB}"], vtid=5, vpid=5)
    b.container(described).openat(30, 3, "/a")
    for kind, text in records:
        b.event(kind, 0, [text])
    b.openat(30, 3, "/b").openat(1, 3, "/c")
    return Capture.open(b.save(folder / "cluster.scap"))


def values(capture: Capture, field: str) -> list[str | None]:
    rows = capture.select("evt.type = openat and evt.dir = <")
    return capture.fields.read(field, rows).texts(capture.index.strings)


@pytest.mark.parametrize("modern", [False, True])
def test_labels_name_the_pod(tmp_path: Path, modern: bool) -> None:
    labels = {f"{POD}name": "web-1", f"{POD}namespace": "shop", f"{POD}uid": "u-1", "app": "own"}
    found = capture(tmp_path, modern, container(labels=labels))
    assert values(found, "k8s.pod.name") == ["web-1", "web-1", None]
    assert values(found, "k8s.ns.name") == ["shop", "shop", None]
    assert values(found, "k8s.pod.id") == ["u-1", "u-1", None]
    assert values(found, "k8s.pod.labels") == [None] * 3  # those are the sandbox's
    assert len(found.select("k8s.pod.name = web-1 and evt.type = openat")) == (2 if modern else 4)


def test_new_captures_carry_the_labels_of_the_sandbox(tmp_path: Path) -> None:
    found = capture(tmp_path, True, container(labels={"a": "b"}, pod_sandbox_labels={"app": "shop", "x": ""}))
    assert values(found, "k8s.pod.labels") == ["app:shop, x", "app:shop, x", None]
    assert values(found, "k8s.pod.label.app") == ["shop", "shop", None]


def test_records_hold_from_their_event_on(tmp_path: Path) -> None:
    status = [{"containerID": f"containerd://{WEB}"}]
    pod = {"namespace": "shop", "name": "p", "uid": "1", "labels": {"app": "w"}, "containerStatuses": status}
    service = {"namespace": "shop", "name": "s", "uid": "2", "selector": {"app": "w"}}
    records = [
        ("K8S_E", json.dumps({"kind": kind, "type": "ADDED", "items": [item]}))
        for kind, item in (("Pod", pod), ("Service", service))
    ]
    found = capture(tmp_path, False, container(), *records)
    assert values(found, "k8s.pod.name") == [None, "p", None]
    assert values(found, "k8s.svc.name") == [None, "s", None]
    assert values(found, "k8s.rs.name") == [None] * 3


def test_records_of_older_captures() -> None:
    cluster = Cluster()
    meta = {"name": "p", "uid": "1", "namespace": "n", "labels": {"a": "b"}}
    status = {"containerStatuses": [{"containerID": f"docker://{WEB}"}]}
    cluster.apply({"type": "ADDED", "object": {"kind": "Pod", "metadata": meta, "status": status}})
    chosen = {"kind": "ReplicaSet", "metadata": {"name": "r", "uid": "2", "namespace": "n"}}
    chosen["spec"] = {"selector": {"matchLabels": {"a": "b"}}}
    cluster.apply({"type": "ADDED", "object": chosen})
    placement = cluster.placement(WEB[:12])
    assert placement is not None
    assert (placement.pod.name, placement.replica_set and placement.replica_set.name) == ("p", "r")
    cluster.apply({"type": "DELETED", "object": {"kind": "Pod", "metadata": meta}})
    assert cluster.placement(WEB[:12]) is None


@pytest.mark.parametrize(
    "record",
    [
        None,
        7,
        [],
        {},
        {"kind": 5, "type": 6, "items": 7},
        {
            "kind": "Pod",
            "type": "ADDED",
            "items": [None, 3, {"uid": {}, "labels": [], "containerStatuses": 1}],
        },
        {
            "kind": "Pod",
            "type": "ADDED",
            "items": [{"uid": "1", "containerStatuses": [7, {"containerID": 5}]}],
        },
        {"kind": "Service", "type": "ADDED", "items": [{"selector": {"a": {"b": []}}}]},
        {"mesos_state": {"frameworks": [None, {"active": True, "tasks": 5}]}},
        {"marathon_groups": {"id": 3}, "marathon_apps": {"apps": [1, {"id": "x"}]}},
        {
            "marathon_groups": {
                "id": "/",
                "apps": [{"id": "/a/b", "instances": 1, "labels": 5}],
                "groups": [8],
            }
        },
    ],
)
def test_no_record_does_harm(record: object) -> None:
    cluster, mesos = Cluster(), Mesos()
    cluster.apply(record)
    mesos.apply(record)
    assert cluster.placement("x") is None
    assert mesos.task("x") is None


def test_tasks_and_apps(tmp_path: Path) -> None:
    task = {"id": "t_1", "name": "web", "state": "TASK_RUNNING", "labels": [{"key": "a", "value": "b"}]}
    frameworks = [{"id": "f", "name": "marathon", "active": True, "tasks": [task]}]
    app = {"id": "/shop/web", "tasks": [{"id": "t_1"}], "labels": {"k": "v"}}
    records = (
        {"mesos_state": {"frameworks": frameworks}},
        {"marathon_groups": {"frameworkId": "f", "id": "/"}},
        {"marathon_apps": {"frameworkId": "f", "apps": [app]}},
    )
    described = container(mesos_task_id="t_1")
    found = capture(tmp_path, False, described, *(("MESOS_E", json.dumps(record)) for record in records))
    assert values(found, "mesos.task.labels") == [None, "a:b", None]
    assert values(found, "mesos.framework.name") == [None, "marathon", None]
    assert values(found, "marathon.app.label.k") == [None, "v", None]
    assert values(found, "marathon.group.name") == [None, "/shop", None]
    assert np.all(found.index.events.ts > 0)
