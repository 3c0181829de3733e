"""A machine of a cluster: pods of Kubernetes, a task of Mesos, tracers, syslog and DNS, in an old capture."""

from __future__ import annotations

import json
from pathlib import Path

from builder import O_WRONLY, CaptureBuilder

SHOP_ID, PAY_ID, TASK_ID = "aaaaaaaaaaaa" + "1" * 52, "bbbbbbbbbbbb" + "2" * 52, "cccccccccccc" + "3" * 52
KINDS = ("ReplicationController", "ReplicaSet", "Deployment", "Service")


def _container(full_id: str, name: str, **more: str) -> str:
    return json.dumps(
        {
            "container": {
                "id": full_id[:12],
                "full_id": full_id,
                "type": 0,
                "name": name,
                "image": name,
                **more,
            }
        }
    )


def _record(kind: str, **item: object) -> str:
    return json.dumps({"kind": kind, "type": "ADDED", "items": [item]})


def build() -> CaptureBuilder:
    """Make the capture: two pods and a task that read, write, talk, and say how long their parts took."""
    b = CaptureBuilder(False).interface("eth0", "10.0.0.2")
    b.proc(1, "systemd", ptid=0, sid=1)
    for pid, name, full_id in ((30, "shop", SHOP_ID), (40, "pay", PAY_ID), (50, "batch", TASK_ID)):
        cgroups = [f"cpuset=/docker/{full_id}"]
        b.proc(pid, name, ptid=1, sid=1, cgroups=cgroups, vtid=1, vpid=1, args=["--serve"], fdlimit=1024)
    b.container(_container(SHOP_ID, "shop")).container(_container(PAY_ID, "pay"))
    b.container(_container(TASK_ID, "batch", mesos_task_id="batch_1"))
    b.event("K8S_E", 0, [_record("Namespace", name="prod", uid="ns-1", labels={"team": "web"})])
    for number, (name, full_id) in enumerate((("shop", SHOP_ID), ("pay", PAY_ID))):
        labels = {"app": name}
        status = [{"containerID": f"docker://{full_id}"}]
        pod = {"name": f"{name}-7f9c", "uid": f"pod-{number}", "namespace": "prod", "labels": labels}
        b.event("K8S_E", 0, [_record("Pod", **pod, containerStatuses=status)])
        for kind in KINDS:
            uid = f"{kind.lower()}-{number}"
            b.event("K8S_E", 0, [_record(kind, name=name, uid=uid, namespace="prod", selector=labels)])
    task = {
        "id": "batch_1",
        "name": "batch",
        "state": "TASK_RUNNING",
        "labels": [{"key": "job", "value": "n"}],
    }
    app = {"id": "/nightly/batch", "tasks": [{"id": "batch_1"}], "labels": {"owner": "ops"}}
    for record in (
        {
            "mesos_state": {
                "frameworks": [{"id": "fw-1", "name": "marathon", "active": True, "tasks": [task]}]
            }
        },
        {"marathon_groups": {"frameworkId": "fw-1", "id": "/"}},
        {"marathon_apps": {"frameworkId": "fw-1", "apps": [app]}},
    ):
        b.event("MESOS_E", 0, [json.dumps(record)])
    for number in range(4):
        _round(b, number)
    return b


def _round(b: CaptureBuilder, n: int) -> None:
    for pid, peer in ((30, "10.1.0.7"), (40, "10.1.0.8"), (50, "10.1.0.9")):
        b.openat(pid, 7, f"/data/part{n}").read(pid, 7, b"x" * (pid * 10), res=pid * 1000).close(pid, 7)
        b.socket(pid, 8).connect(pid, 8, ("10.0.0.2", 40000 + n), (peer, 5432))
        b.write(pid, 8, b"select 1", res=200 * (n + 1)).read(pid, 8, b"1", res=900).close(pid, 8)
        b.event("PROCINFO_E", pid, [20 * (n + 1), 10 * (n + 1)]).wait(20_000_000)
    b.openat(30, 9, "/dev/null", O_WRONLY)
    for span, work in ((10 * n + 1, 3_000_000), (10 * n + 2, 40_000 * (n + 1))):
        b.write(30, 9, b">:%d:request:customer=c%d:" % (span, n))
        b.write(30, 9, b">:%d:request.query:table=orders:" % span).wait(work)
        b.write(30, 9, b"<:%d:request.query::" % span).wait(200_000)
        b.write(30, 9, b"<:%d:request::" % span)
    b.close(30, 9).wait(400_000_000)


def save(folder: Path) -> Path:
    """Write the capture; sysdig 0.29.3 can read it."""
    return build().save(folder / "cluster.scap")
