"""Filters and lists that have names: what they are, and putting them in their places.

A name stays in the tree and in the printed text of a filter; :func:`expand` makes the tree that is
bound, and whose text is the key of kept masks. Definitions are checked when they are made: a macro
that can be called parses, calls only what there is, and ends.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from ..errors import FilterError
from ..schema.catalogue import events, tables
from . import ast
from .parser import parse
from .registry import nearest

MAX_CHECKS = 10_000  # in a filter with its macros in place
MAX_LEVELS = 150  # of and, or, not in it

FILTER, LIST = "filter", "list"


class BadMacro(Exception):
    """A definition that is wrong; ``kind`` is :data:`FILTER` or :data:`LIST`."""

    def __init__(self, kind: str, name: str, reason: str) -> None:
        """Name the definition and say what was expected."""
        super().__init__(reason)
        self.kind = kind
        self.name = name
        self.reason = reason


@dataclass(frozen=True)
class NamedFilter:
    """A filter with a name."""

    name: str
    text: str
    description: str = ""


@dataclass(frozen=True)
class NamedList:
    """A list of values with a name."""

    name: str
    items: tuple[str, ...]
    description: str = ""


class Macros:
    """Names that filters may use; they do not change."""

    def __init__(self, filters: Iterable[NamedFilter] = (), lists: Iterable[NamedList] = ()) -> None:
        """Take and check the definitions. Raises BadMacro."""
        self.lists: Mapping[str, NamedList] = MappingProxyType({item.name: item for item in lists})
        self.filters: Mapping[str, NamedFilter] = MappingProxyType({item.name: item for item in filters})
        for name in self.lists:
            _check_name(LIST, name)
            if name in reserved():
                raise BadMacro(LIST, name, "expected another name: filters have this word among their values")
        self.nodes: dict[str, ast.Node] = {name: _node(item) for name, item in self.filters.items()}
        self._extents: dict[str, Extent] = {}
        for name in self.filters:
            self._measure(name, [])

    def __bool__(self) -> bool:
        """Whether there is any name."""
        return bool(self.filters or self.lists)

    def extent(self, name: str) -> Extent:
        """Return how large the filter ``name`` is with all that it calls."""
        return self._extents[name]

    def _measure(self, name: str, callers: list[str]) -> None:
        if name in self._extents:
            return
        if name in callers:
            way = " calls ".join([*callers[callers.index(name) :], name])
            raise BadMacro(FILTER, name, f"expected a filter that does not call itself: {way}")
        if len(callers) == MAX_LEVELS:
            raise BadMacro(FILTER, callers[0], f"expected at most {MAX_LEVELS} filters that call each other")
        node, text = self.nodes[name], self.filters[name].text
        try:
            for item, _ in _leaves(node):
                if isinstance(item, ast.Macro) and item.name in self.filters:
                    self._measure(item.name, [*callers, name])
            check_names(node, text, self)
            self._extents[name] = extent(node, text, self)
        except FilterError as error:
            raise BadMacro(FILTER, name, _told(error)) from None


@dataclass(frozen=True)
class Extent:
    """How large a filter is with its macros in place."""

    checks: int
    levels: int


NO_MACROS = Macros()


def _node(item: NamedFilter) -> ast.Node:
    _check_name(FILTER, item.name)
    try:
        node = parse(item.text)
    except FilterError as error:
        raise BadMacro(FILTER, item.name, _told(error)) from None
    if node is None:
        raise BadMacro(FILTER, item.name, "expected a filter, found nothing")
    return node


def _told(error: FilterError) -> str:
    """Return the sentence of an error inside the text of a macro."""
    hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
    return f"column {error.column + 1} of the filter: {error.reason}{hint}"


def _check_name(kind: str, name: str) -> None:
    if not (name.isascii() and ast.NAME.match(name)):
        raise BadMacro(kind, name, "expected a name of letters, digits and _ that begins with no digit")
    if name.lower() in _WORDS:
        raise BadMacro(kind, name, "expected another name: this is a word of the filter language")


_WORDS = frozenset(
    (*ast.KEYWORDS, *ast.WORD_OPERATORS, *ast.MODIFIERS, *ast.TRANSFORMERS, ast.FIELD_VALUE, "true", "false")
)
_KINDS = (
    *("file", "directory", "ipv4", "ipv6", "unix", "pipe", "event", "signalfd", "eventpoll", "inotify"),
    *("timerfd", "netlink", "bpf", "userfaultfd", "io_uring", "memfd", "pidfd"),
    *("tcp", "udp", "icmp", "raw", "ip", "net", "ipc"),
)


@cache
def reserved() -> frozenset[str]:
    """Return the words that a list cannot be called, so that ``evt.type in (open)`` means what it says.

    They are the names of events and system calls, the kinds of descriptors and the protocols.
    """
    calls = [*tables()["ppm_sc"].values(), *tables()["ppm_sc_0_29_3"].values()]
    words = {call["name"] if isinstance(call, dict) else call for call in calls}
    words |= {event.name for modern in (False, True) for event in events(modern)}
    return frozenset(words.union(_KINDS))


# --- putting them in place ----------------------------------------------------------------------------


def _leaves(node: ast.Node) -> Iterator[tuple[ast.Check | ast.Macro, int]]:
    """Yield the checks and names of a tree, and how many levels are above each."""
    waiting: list[tuple[ast.Node, int]] = [(node, 0)]
    while waiting:
        item, level = waiting.pop()
        if isinstance(item, ast.And | ast.Or):
            waiting += [(part, level + 1) for part in reversed(item.items)]
        elif isinstance(item, ast.Not | ast.Inlined):
            waiting.append((item.item, level + 1))
        else:
            yield item, level


def uses_names(node: ast.Node) -> bool:
    """Return whether what a filter means depends on which names there are."""
    for item, _ in _leaves(node):
        if isinstance(item, ast.Macro):
            return True
        for value in item.values:
            if isinstance(value, ast.ListName) or (
                _may_be_list(item, value) and _name(value) not in reserved()
            ):
                return True
    return False


def _may_be_list(check: ast.Check, value: ast.Literal) -> bool:
    return bool(check.op in ast.LIST_OPERATORS or check.modifier) and value.is_name


def _name(value: ast.Literal | ast.ListName) -> str:
    return value.value.decode("ascii") if isinstance(value, ast.Literal) else value.name


def check_names(node: ast.Node, text: str, macros: Macros) -> None:
    """Raise FilterError when a filter calls what there is not; ``text`` is what it was parsed from."""
    for item, _ in _leaves(node):
        if isinstance(item, ast.Macro):
            if item.name not in macros.filters:
                raise unknown_name(text, item, macros.filters)
            continue
        for value in item.values:
            if isinstance(value, ast.ListName) and value.name not in macros.lists:
                near = difflib.get_close_matches(value.name[:60], list(macros.lists), 1)
                reason = (
                    f"expected '(' or the name of a list, and there is no list called '{value.name[:60]}'"
                )
                raise FilterError(text, value.column, reason, near[0] if near else None)


def unknown_name(text: str, node: ast.Macro, known: Iterable[str] = ()) -> FilterError:
    """Return the error for a bare name that is no filter; ``known`` are the names that are."""
    near = difflib.get_close_matches(node.name[:60], list(known), 1) or [nearest(node.name)]
    what = "a field such as proc.name or a filter of yours"
    reason = f"expected {what}, and there is none called '{short(node.name)}'"
    return FilterError(text, node.column, reason, near[0])


def unknown_list(text: str, value: ast.ListName, known: Iterable[str] = ()) -> FilterError:
    """Return the error for a name that is no list; ``known`` are the names that are."""
    near = difflib.get_close_matches(value.name[:60], list(known), 1)
    reason = f"expected '(' or the name of a list, and there is no list called '{short(value.name)}'"
    return FilterError(text, value.column, reason, near[0] if near else None)


def short(name: str) -> str:
    """Return a name for a message."""
    return name if len(name) <= 60 else name[:60] + "…"


def extent(node: ast.Node, text: str, macros: Macros) -> Extent:
    """Return how large a filter with known names is. Raises FilterError when that is too large."""
    checks = levels = 0
    for item, level in _leaves(node):
        called = macros.extent(item.name) if isinstance(item, ast.Macro) else Extent(1, 0)
        checks += called.checks
        levels = max(levels, level + called.levels + isinstance(item, ast.Macro))
        if isinstance(item, ast.Macro) and (checks > MAX_CHECKS or levels > MAX_LEVELS):
            what = f"{MAX_CHECKS} checks" if checks > MAX_CHECKS else f"{MAX_LEVELS} levels"
            raise FilterError(text, item.column, f"expected at most {what} together with what is called")
    return Extent(checks, levels)


def expand(node: ast.Node, text: str, macros: Macros) -> ast.Node:
    """Return the tree with every name replaced by what it stands for.

    ``text`` is what ``node`` was parsed from. Raises FilterError for names that there are not, and for
    filters that become too large.
    """
    check_names(node, text, macros)
    extent(node, text, macros)
    return _expand(node, macros)


def _expand(node: ast.Node, macros: Macros) -> ast.Node:
    if isinstance(node, ast.Macro):
        item = _expand(macros.nodes[node.name], macros)
        return ast.Inlined(item, node.name, macros.filters[node.name].text, node.column)
    if isinstance(node, ast.Check):
        return _expand_lists(node, macros)
    if isinstance(node, ast.Not):
        return ast.Not(_expand(node.item, macros))
    if isinstance(node, ast.And):
        return ast.And(tuple(_expand(item, macros) for item in node.items))
    if isinstance(node, ast.Or):
        return ast.Or(tuple(_expand(item, macros) for item in node.items))
    return node


def _expand_lists(check: ast.Check, macros: Macros) -> ast.Check:
    if not macros.lists or not check.values or not (check.op in ast.LIST_OPERATORS or check.modifier):
        return check
    values: list[ast.Literal | ast.ListName] = []
    for value in check.values:
        named = macros.lists.get(_name(value)) if isinstance(value, ast.ListName) or value.is_name else None
        if named is None:
            values.append(value)
        else:
            values += [
                ast.Literal(text.encode("utf-8", "surrogatepass"), value.column, True) for text in named.items
            ]
    return replace(check, values=tuple(values))
