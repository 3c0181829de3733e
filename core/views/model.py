"""What a view and a tile are: plain records that the loader fills from data files."""

from __future__ import annotations

from dataclasses import dataclass

VIEW_KINDS = ("table", "list", "tree", "spectrogram", "echo", "events", "tiles")
SOURCES = ("events", "listening", "http", "dns", "processes")
COLOR_ROLES = ("error", "warning", "dim")
AGGREGATIONS = ("none", "sum", "avg", "time_avg", "min", "max")
OWN = "own"  # tag of views that the reference does not have
ALWAYS, CONTAINERS, PLAIN = "always", "containers", "plain"


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a view.

    ``aggregation`` says how the values of a row's events are put together: the first one
    (``none``), sum, mean of those that exist, sum shown as a rate (``time_avg``), smallest, largest
    (of texts: the last). ``group`` says the same for the second level of two-level views.
    """

    name: str
    field: str
    description: str = ""
    aggregation: str = "none"
    group: str = "none"
    where: str | None = None  # filter: events that fail it have no value in this column
    where_new: str | None = None  # the same, in captures of the new kind only
    width: int = 0  # character cells; 0: what is left of the line
    only: str = ALWAYS  # always, containers (with container columns), plain (without)

    def shown(self, containers: bool) -> bool:
        """Whether the column belongs to the table with or without container columns."""
        return self.only == ALWAYS or (self.only == CONTAINERS) == containers


@dataclass(frozen=True)
class KeySpec:
    """What makes a row; in lists, what drilling down from a row filters by."""

    field: str
    containers: str | None = None  # used instead of `field` with container columns
    group: str | None = None  # second level: rows of `field` are put together by this field

    def first(self, containers: bool) -> str:
        """Return the field of the first level."""
        return self.containers if containers and self.containers else self.field

    def drill(self, containers: bool) -> str:
        """Return the field that a row's key belongs to."""
        return self.group or self.first(containers)


@dataclass(frozen=True)
class ColorRule:
    """Gives a role of the theme (COLOR_ROLES) to a row or to one column's cell; the first rule that fits."""

    role: str
    column: str | None = None
    above: float | None = None
    filter: str | None = None


@dataclass(frozen=True)
class View:
    """One view, as its data file describes it."""

    id: str
    name: str
    kind: str
    description: str
    columns: tuple[ColumnSpec, ...] = ()
    filter: str | None = None
    key: KeySpec | None = None
    applies_to: tuple[str, ...] = ()  # drill keys after which it is offered; "" = root, "*" = any
    drilldown: str | None = None  # id of the view that Enter opens
    sort: str | None = None  # name of the column it is sorted by at first
    tags: tuple[str, ...] = ()
    colors: tuple[ColorRule, ...] = ()
    source: str = "events"  # what its rows are made of: one of SOURCES
    use_defaults: bool = True  # a missing number is 0 and a missing text empty; else the event is left out
    threads: bool = True  # threads alive at the end take part, so that idle ones appear
    propagate_filter: bool = True  # a drill-down keeps the view's own filter
    deeper: bool = False  # each drill-down goes one tag deeper (spans)
    hidden: bool = False  # not in the list of views
    origin: str = ""  # the file that describes it

    @property
    def own(self) -> bool:
        """Whether no view of csysdig has this id."""
        return OWN in self.tags

    @property
    def of_events(self) -> bool:
        """Whether what an event lacks is dealt with as in csysdig: left out, or 0 or empty."""
        return self.source in ("events", "listening") and not self.own

    def shown_columns(self, containers: bool) -> tuple[ColumnSpec, ...]:
        """Return the columns of the table with or without container columns."""
        return tuple(column for column in self.columns if column.shown(containers))


@dataclass(frozen=True)
class Tile:
    """One number of the Overview with its trend.

    ``value`` is how it is counted: ``count`` of the events that pass ``filter``, ``sum`` of a
    field, ``distinct`` values of a field, ``rows`` of the target view.
    """

    id: str
    name: str
    category: str
    description: str
    value: str
    unit: str
    target_view: str
    target_filter: str | None = None
    target_sort: str | None = None
    target_sum: tuple[str, ...] = ()  # columns of the target view that add up to the total; none: its rows
    drill_key: str = ""
    filter: str | None = None
    base: str | None = None  # filter that several tiles share, decided once
    field: str | None = None
    trend: str | None = None  # value = "rows": what the trend counts (alive, distinct, listening)
    split: str | None = None  # one tile for each value of this field
    excludable: bool = True  # left out when its total is 0
    noteworthy: bool = False


@dataclass(frozen=True)
class Category:
    """A column of the Overview."""

    id: str
    name: str
