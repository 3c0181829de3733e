"""The header line and the footer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from ..cells import clean, cut, duration, utc, width_of
from ..commands import COMMANDS, Command
from ..model import CaptureInfo
from .base import Painted, Piece, strip

MESSAGE_SECONDS = 6.0
INDISPENSABLE = ("app.help", "app.quit", "view.drill", "view.back")


@dataclass(frozen=True)
class Heading:
    """What the header shows."""

    info: CaptureInfo
    crumbs: tuple[str, ...] = ()
    filter: str = ""
    window: str = ""
    place: str = ""  # rows and position, right on the second line
    busy: str = ""  # what is at work


class Header(Painted):
    """Capture, breadcrumbs, filter; and what is wrong with the capture, if anything."""

    DEFAULT_CSS = """
    Header { height: 3; dock: top; }
    """

    @dataclass
    class CrumbClicked(Message):
        """A level of the stack was clicked."""

        level: int  # 0: the lowest

    class FilterClicked(Message):
        """The filter was clicked."""

    def __init__(self, heading: Heading, *, id: str | None = None) -> None:  # noqa: A002
        """Show ``heading``."""
        super().__init__(id=id)
        self.heading = heading
        self._crumb_ends: list[tuple[int, int]] = []  # where each shown crumb ends, and its level
        self._notice: list[str] = []

    def on_resize(self) -> None:
        """Make room for the whole notice, on two lines at most."""
        notice = clean(self.heading.info.notice)
        self._notice = wrap_words(notice, self.size.width - 2)[:2] if notice else []
        self.styles.height = 3 + len(self._notice)

    def change(self, **fields: object) -> None:
        """Change parts of the heading."""
        self.heading = replace(self.heading, **fields)  # pyright: ignore[reportArgumentType]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint one line."""
        heading, width = self.heading, self.size.width
        info = heading.info
        if y == 0:
            figures = f"{info.events:,} events · {duration(info.duration_ns)}"
            if width >= 100:
                figures += f" · from {utc(info.start_ts)}"
            name = cut(info.name, max(8, width - width_of(figures) - 4))
            left: list[Piece] = [(f" {name} ", self.role("header"))]
            return self._ends(left, f"{figures} ", self.role("header.key"), "header.key")
        if y == 1:
            place = f"{heading.place}  {heading.busy}".strip()
            return self._ends(self._crumbs(width - width_of(place) - 3), place + " ", self.role("dim"), None)
        if y == 2:
            window = f"Time {heading.window.strip()} " if heading.window else ""
            shown = cut(heading.filter, width - width_of(window) - 10) if heading.filter else "none"
            pieces: list[Piece] = [
                (" Filter ", self.role("dim")),
                (shown, self.role("cell" if heading.filter else "dim")),
            ]
            return self._ends(pieces, window, self.role("notice"), None)
        line = self._notice[y - 3] if y - 3 < len(self._notice) else ""
        return strip([(f" {line}", self.role("notice"))], width, self.role("notice"))

    def _crumbs(self, room: int) -> list[Piece]:
        """Return the breadcrumbs, the first ones left out when there is no room for all."""
        crumbs = [clean(crumb) for crumb in self.heading.crumbs]
        if not crumbs:
            return []
        dropped = 0
        while len(crumbs) > 1 and sum(width_of(crumb) + 3 for crumb in crumbs) + (3 if dropped else 0) > room:
            crumbs.pop(0)
            dropped += 1
        pieces: list[Piece] = [(" ", self.role("crumb"))]
        if dropped:
            pieces.append(("… › ", self.role("dim")))
        self._crumb_ends, end = [], sum(width_of(text) for text, _ in pieces)
        if dropped:
            self._crumb_ends.append((end, dropped - 1))
        for level, crumb in enumerate(crumbs, dropped):
            end += width_of(crumb) + 3
            self._crumb_ends.append((end, level))
        for crumb in crumbs[:-1]:
            pieces += [(crumb, self.role("crumb")), (" › ", self.role("dim"))]
        return [*pieces, (cut(crumbs[-1], max(8, room - 6)), self.role("crumb.current"))]

    def on_click(self, event: events.Click) -> None:
        """Tell which level, or that the filter, was clicked."""
        if event.y == 1:
            level = next((level for end, level in self._crumb_ends if event.x < end), None)
            if level is not None:
                self.post_message(self.CrumbClicked(level))
        elif event.y == 2:
            self.post_message(self.FilterClicked())

    def _ends(self, left: list[Piece], right: str, style: object, fill: str | None) -> Strip:
        width = self.size.width
        gap = (" ", self.role(fill) if fill else self.rich_style)
        begin = strip(left, max(0, width - width_of(right) - 1), gap[1])
        return Strip([*begin, Segment(*gap), Segment(clean(right), style)]).adjust_cell_length(width)  # pyright: ignore[reportArgumentType]


def wrap_words(text: str, width: int) -> list[str]:
    """Return cleaned ``text`` in lines of at most ``width`` cells, broken between words where possible."""
    lines: list[str] = []
    for word in text.split():
        if lines and width_of(lines[-1]) + 1 + width_of(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(cut(word, width))
    return lines


class Footer(Painted):
    """The keys that work here, made from the registry of commands and the keymap."""

    DEFAULT_CSS = """
    Footer { height: 1; dock: bottom; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start empty."""
        super().__init__(id=id)
        self.commands: list[tuple[str, Command]] = []
        self._ends: list[int] = []
        self._shown: list[tuple[str, Command]] = []
        self.message: tuple[str, str] | None = None
        self._timer: Timer | None = None

    def show(self, contexts: tuple[str, ...], *, typing: bool = False, without: Collection[str] = ()) -> None:
        """Show the commands of ``contexts`` (innermost first): those of the place, then the general ones.

        While one is ``typing``, keys that would be typed are left out, and always the commands ``without``.
        """
        keymap = self.scaptui.keymap
        found: dict[str, tuple[str, Command]] = {}
        for context in contexts:
            for command in keymap.bound(context):
                keys = [key for key in keymap.keys_of(command, [context]) if len(key) > 1 or not typing]
                key = keys[0] if keys else ""
                hidden = not keys or command.id in without or key in [other for other, _ in found.values()]
                if command.footer and command.id not in found and not hidden:
                    found[command.id] = (key, command)
        order = {command.id: number for number, command in enumerate(COMMANDS)}
        general = [id_ for id_ in found if not {"main", "global"}.isdisjoint(found[id_][1].contexts)]
        special = [id_ for id_ in found if id_ not in general]
        self.commands = [found[id_] for id_ in [*special, *sorted(general, key=order.__getitem__)]]
        self.refresh()

    def tell(self, text: str, role: str = "notice") -> None:
        """Show a message in place of the keys, for some seconds or until :meth:`hush`."""
        self.message = (text, role)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(MESSAGE_SECONDS, self.hush)
        self.refresh()

    def hush(self) -> None:
        """Show the keys again."""
        if self.message is not None:
            self.message = None
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint the keys, as many as fit; those that nobody can do without first of all."""
        width = self.size.width
        if self.message is not None:
            text, role = self.message
            return strip([(" " + cut(text, width - 2), self.role(role))], width, self.role(role))
        shown: list[tuple[str, Command]] = []
        room = width
        first = [entry for entry in self.commands if entry[1].id in INDISPENSABLE]
        for entry in [*first, *[entry for entry in self.commands if entry not in first]]:
            size = width_of(entry[0]) + width_of(entry[1].footer) + 3
            if size > room:
                break
            shown.append(entry)
            room -= size
        order = {command.id: number for number, (_, command) in enumerate(self.commands)}
        shown.sort(key=lambda entry: (entry[1].id == "app.quit", order[entry[1].id]))
        pieces: list[Piece] = []
        self._ends, at = [], 0
        self._shown = shown
        for key, command in shown:
            pieces += [
                (key, self.role("key")),
                (f" {command.footer}", self.role("key.label")),
                ("  ", self.role("key.label")),
            ]
            at += width_of(key) + width_of(command.footer) + 3
            self._ends.append(at)
        return strip(pieces, width, self.role("key.label"))

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        for end, (_, command) in zip(self._ends, self._shown, strict=True):
            if event.x < end:
                self.scaptui.perform(command)
                return
