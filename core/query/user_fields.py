"""user.* and group.*: who runs the process of an event."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..index.tables import UNKNOWN_ID, User
from .cells import Cells, intern_all, ints
from .context import Context
from .define import Arg, Definition, define, dimension


@dimension("thread", "user.uid")
def _uid(ctx: Context, _arg: Arg) -> Cells:
    return ints(ctx.index.threads.uid)


@dimension("thread", "group.gid")
def _gid(ctx: Context, _arg: Arg) -> Cells:
    return ints(ctx.index.threads.gid)


@dimension("thread", "user.loginuid")
def _loginuid(ctx: Context, _arg: Arg) -> Cells:
    loginuid = ctx.index.threads.loginuid
    return ints(np.where(loginuid == UNKNOWN_ID, -1, loginuid))


def _lookup(ctx: Context, column: str, answer: Callable[[str, int], str | None]) -> Cells:
    """Return ``answer(container id, number)`` for each row of `threads`, once per distinct pair."""
    numbers = getattr(ctx.index.threads, column).astype(np.int64)
    pairs = np.stack([ctx.index.container.astype(np.int64), numbers])
    distinct, inverse = np.unique(pairs, axis=1, return_inverse=True)
    texts: list[bytes | None] = []
    for container, number in distinct.T.tolist():
        where = ctx.index.containers[container].id if container > 0 else ""
        text = answer(where, number)
        texts.append(None if text is None else text.encode("utf-8", "surrogateescape"))
    return intern_all(ctx.strings, texts).take(inverse.reshape(-1))


def _user(ctx: Context, where: str, uid: int) -> User | None:
    users = ctx.index.users
    if ctx.modern and where:
        return users.get((where, uid))
    return users.get(("", uid))


def _unknown(number: int) -> str:
    """Return how the newest reader names a user or group that the capture does not list."""
    return "root" if number == 0 else "<NA>"


def _user_text(ctx: Context, _arg: Arg, column: str, part: str) -> Cells:
    def answer(where: str, uid: int) -> str | None:
        user = _user(ctx, where, uid)
        if user is None:
            return _unknown(uid) if ctx.modern and part == "name" else None
        return getattr(user, part)

    return _lookup(ctx, column, answer)


for _name, _column, _part in (
    ("user.name", "uid", "name"),
    ("user.homedir", "uid", "home"),
    ("user.shell", "uid", "shell"),
    ("user.loginname", "loginuid", "name"),
):
    define(_name, Definition(dim="thread", per_dim=partial(_user_text, column=_column, part=_part)))


@dimension("thread", "group.name")
def _group_name(ctx: Context, _arg: Arg) -> Cells:
    def answer(where: str, gid: int) -> str | None:
        group = ctx.index.groups.get((where if ctx.modern else "", gid))
        if group is None:
            return _unknown(gid) if ctx.modern else None
        return group.name

    return _lookup(ctx, "gid", answer)
