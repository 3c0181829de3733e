"""Which modules define fields, and why some fields have no definition."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from .registry import FieldSpec

_MODULES = (
    "evt_fields",
    "evt_time_fields",
    "evt_count_fields",
    "evt_arg_fields",
    "thread_fields",
    "proc_fields",
    "ancestor_fields",
    "container_fields",
    "cluster_fields",
    "probe_fields",
    "infra_fields",
    "user_fields",
    "fd_fields",
    "fd_socket_fields",
    "table_fields",
    "fdlist_fields",
    "pairs",
    "path_fields",
    "syslog_fields",
    "span_fields",
    "exchange_fields",
    "ending_fields",
    "call_path_fields",
)


@cache
def load() -> None:
    """Import all modules that define fields."""
    for name in _MODULES:
        import_module(f".{name}", __package__)


def why_not(spec: FieldSpec) -> str:
    """Return the rest of a sentence that says why a field without a definition cannot be used."""
    if spec.name in ("evt.pluginname", "evt.plugininfo"):
        return "needs the plugin that recorded the event"
    if spec.name.endswith("ip.name"):
        return "needs a name server"
    return "is not computed by this version"
