"""The registry of commands: everything a key, the palette, the footer and the help screen can do.

A command is carried out by the nearest node (focused widget, its parents, the screen, the app) with a
method ``do_<action>``; ``contexts`` names the parts of the screen in which its keys work.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTEXTS = {
    "global": "Everywhere",
    "main": "All views",
    "overview": "Overview tiles",
    "table": "Tables",
    "events": "System calls",
    "processes": "Process tree",
    "tree": "Trees",
    "spectrogram": "Spectrogram",
    "streams": "I/O streams",
    "navigator": "Time navigator",
    "views": "List of views",
    "filter": "Filter bar",
    "find": "Search bar",
    "columns": "Columns of a table",
    "pane": "Help, details and messages",
    "choice": "Menus",
    "opening": "While a capture opens",
}

MAIN = ("main",)
VIEW_CONTEXTS = frozenset(
    {"main", "overview", "table", "events", "processes", "tree", "spectrogram", "streams"}
)


@dataclass(frozen=True)
class Command:
    """One thing the user can do."""

    id: str  # name used by keymaps: "view.back"
    title: str  # two or three words: palette and help
    help: str  # one sentence
    contexts: tuple[str, ...] = ("global",)
    action: str = ""  # method is do_<action>; made from the id when empty
    argument: str | int | None = None
    footer: str = ""  # label in the footer; empty: not shown there
    hint: str = ""  # label in the list of keys of a pane, where the footer has none

    @property
    def method(self) -> str:
        """Name of the method that carries the command out."""
        return "do_" + (self.action or self.id.replace(".", "_"))

    def works_in(self, context: str) -> bool:
        """Return whether a keymap may give the command a key in ``context``."""
        inside = context in VIEW_CONTEXTS and "main" in self.contexts
        return context == "global" or inside or not {context, "global"}.isdisjoint(self.contexts)


def _sort_commands() -> tuple[Command, ...]:
    return tuple(
        Command(
            f"sort.{n}",
            f"Sort by column {n}",
            f"Sort by column {n}; again: reverse.",
            ("table",),
            "sort_column",
            n,
        )
        for n in range(1, 10)
    )


def _digit_commands() -> tuple[Command, ...]:
    return tuple(
        Command(
            f"view.{n}",
            f"View {n}",
            f"Open the view with the digit {n} in the list of views.",
            MAIN,
            "view_digit",
            str(n),
        )
        for n in range(10)
    )


COMMANDS: tuple[Command, ...] = (
    Command("app.help", "Help", "Show the keys of this place and what each does.", footer="Help"),
    Command("view.drill", "Drill down", "Go into the selected row, tile or block.", MAIN, footer="Drill"),
    Command("view.back", "Back", "Return to the row you came from.", MAIN, footer="Back"),
    Command("view.list", "List of views", "Go to the list of views, or hide it.", footer="Views"),
    Command("filter.edit", "Edit filter", "Show the filter of this place and change it.", footer="Filter"),
    Command("view.streams", "I/O streams", "Show what the selection read and wrote.", MAIN, footer="I/O"),
    Command("view.events", "System calls", "Show the selection's system calls.", MAIN, footer="Syscalls"),
    Command("time.focus", "Time navigator", "Go to the time navigator and back.", footer="Time"),
    Command("find.open", "Search text", "Search text in this table or stream.", MAIN, footer="Search"),
    Command("copy.selection", "Copy", "Copy the selected stream or row.", MAIN, footer="Copy"),
    Command("sort.menu", "Sort by…", "Choose the column to sort by.", ("table",), footer="Sort"),
    Command("columns.menu", "Columns…", "Choose and order this view's columns.", ("table", "processes"),
            footer="Columns"),
    Command("figures.raw", "Raw figures", "Numbers as the capture has them (bytes, ns), or with units.",
            ("table", "processes", "columns"), hint="Raw"),
    Command("figures.totals", "Totals", "Totals of the selected time in place of rates, or rates again.",
            ("table", "processes", "columns"), hint="Totals"),
    Command("columns.reset", "Reset columns", "Forget what was chosen for this view: columns, order, units.",
            ("table", "processes", "columns"), hint="Reset"),
    Command("app.quit", "Quit", "Leave scaptui.", ("global", "opening"), footer="Quit"),
    Command("app.palette", "Command palette", "Choose any command or view by name."),
    Command("views.reload", "Reload views", "Read your own views again, and say what is wrong with them.",
            ("main", "views", "pane")),
    Command("view.leave", "Stop or back", "Stop what is at work, or forget the search, or go back.", MAIN),
    Command("filter.fields", "Fields", "List every field, say what it means, and put one into the filter.",
            MAIN),
    Command("view.about", "About this view", "Say what this view and its columns show.", ("main", "pane")),
    Command("view.home", "Overview", "Return to the Overview of the whole capture.", MAIN),
    Command("view.container", "Go to container", "Open the container of this row, without other filters.",
            ("events", "streams", "tree"), footer="Container"),
    Command("view.process", "Go to process", "Open the process of this row, without other filters.",
            ("events", "streams", "tree")),
    Command("view.details", "In full", "Show every field of the event, or every cell of the row.",
            ("events", "streams", "table", "tree", "processes")),
    Command("copy.block", "Copy block", "Copy the payload of this block only.", ("streams",)),
    Command("copy.save", "Save stream", "Write the selected stream to a file.", ("streams",)),
    Command("find.next", "Next match", "Go to the next match.", MAIN),
    Command("find.previous", "Previous match", "Go to the match before.", MAIN),
    Command("time.reset", "All time", "Drop the selected time.", ("main", "navigator"), footer="All time"),
    Command("cursor.up", "Up", "One up.", (*MAIN, "pane", "columns", "views")),
    Command("cursor.down", "Down", "One down.", (*MAIN, "pane", "columns", "views")),
    Command("cursor.left", "Left", "To the left.", (*MAIN, "pane", "columns")),
    Command("cursor.right", "Right", "To the right.", (*MAIN, "pane", "columns")),
    Command("cursor.page_up", "Page up", "A page up.", (*MAIN, "pane", "columns", "views")),
    Command("cursor.page_down", "Page down", "A page down.", (*MAIN, "pane", "columns", "views")),
    Command("cursor.first", "First", "To the first.", (*MAIN, "pane", "columns", "views")),
    Command("cursor.last", "Last", "To the last.", (*MAIN, "pane", "columns", "views")),
    Command("tile.overlay", "Overlay trend", "Show or hide this tile's trend in the time navigator.",
            ("overview",), footer="Overlay"),
    Command("tile.every", "All tiles", "Show tiles that count nothing, or leave them out again.",
            ("overview",)),
    Command("mark.next", "Next striking", "Go to the next row or tile that stands out.", MAIN),
    Command("mark.previous", "Striking before", "Go to the row or tile before that stands out.", MAIN),
    Command("fold.toggle", "Fold", "Hide or show what is below this line.", ("tree",), footer="Fold"),
    Command("fold.all", "Fold all", "Hide everything below the topmost lines.", ("tree",)),
    Command("fold.none", "Unfold all", "Show everything.", ("tree",)),
    Command("fold.parent", "To the parent", "Go to the line above which this one hangs.", ("tree",)),
    Command("view.family", "Go to family", "Open this process with all that it started, nothing else.",
            ("processes",)),
    Command("view.spectrogram", "Spectrogram", "Show how long the selection's calls took.", MAIN),
    Command("view.file_spectrogram", "File spectrogram", "Show how long calls on files took.", MAIN),
    Command("brush.start", "Brush", "Begin to choose a part of the picture here, or forget it.",
            ("spectrogram",), footer="Brush"),
    Command("brush.open", "List calls", "Select the time of the brush and list its calls.", ("spectrogram",)),
    Command("brush.zoom", "Zoom", "Select the time of the brush and draw the picture anew.", ("spectrogram",),
            footer="Zoom"),
    Command("stream.mode", "View as…", "Next way of showing payloads.", ("streams",),
            footer="View as"),
    Command("stream.dotted", "View as dotted", "Dots for what cannot be shown.", ("streams",),
            "stream_as", "dotted"),
    Command("stream.ascii", "View as ascii", "Text with its line ends.", ("streams",), "stream_as", "ascii"),
    Command("stream.hex", "View as hex", "Offsets, bytes and text.", ("streams",), "stream_as", "hex"),
    Command("stream.colours", "Colours", "Show HTTP, JSON, XML, SQL and shell in colours, in ascii, or not.",
            ("streams",)),
    Command("block.next", "Next block", "To the next block.", ("streams",)),
    Command("block.previous", "Previous block", "To the block before.", ("streams",)),
    Command("time.left", "Earlier", "Move the time selection to the left.", ("navigator",), footer="Earlier"),
    Command("time.right", "Later", "Move the time selection to the right.", ("navigator",), footer="Later"),
    Command("time.zoom_in", "Zoom in", "Halve the time selection.", ("navigator",), footer="Zoom in"),
    Command("time.zoom_out", "Zoom out", "Double the time selection.", ("navigator",), footer="Zoom out"),
    Command("time.shrink", "Shorter", "Move the end of the time selection to the left.", ("navigator",)),
    Command("time.grow", "Longer", "Move the end of the time selection to the right.", ("navigator",)),
    Command("time.first", "To the start", "Move the time selection to the start.", ("navigator",)),
    Command("time.last", "To the end", "Move the time selection to the end.", ("navigator",)),
    Command("time.axis", "Axis", "Let the axis show the selected time only, or the whole capture again.",
            ("navigator",), footer="Axis"),
    Command("time.leave", "Leave", "Return to the view.", ("navigator",), footer="Return"),
    Command("views.open", "Open", "Show the same selection in this view.", ("views",), footer="Open"),
    Command("views.leave", "Leave", "Return to the view without a change.", ("views",), footer="Return"),
    Command("views.toggle", "Hide list", "Hide the list of views.", ("views",), footer="Hide"),
    Command("filter.cancel", "Leave as it was", "Close without a change.", ("filter",), footer="Leave"),
    Command("filter.complete", "Complete", "Show what can stand here: fields, operators, values.",
            ("filter",), footer="Complete"),
    Command("filter.older", "Older filter", "An earlier filter.", ("filter",), footer="Earlier"),
    Command("filter.newer", "Newer filter", "A later filter.", ("filter",), footer="Later"),
    Command("find.cancel", "Close", "Close the search bar.", ("find",), footer="Close"),
    Command("column.toggle", "Hide or show", "Hide or show this column.", ("columns",), footer="Hide, show"),
    Command("column.narrower", "Narrower", "Give this column less room.", ("columns",), footer="Narrower"),
    Command("column.wider", "Wider", "Give this column more room.", ("columns",), footer="Wider"),
    Command("column.fit", "Fit", "Give this column what its cells need.", ("columns",), footer="Fit"),
    Command("column.earlier", "To the left", "Move this column to the left.", ("columns",),
            footer="To the left"),
    Command("column.later", "To the right", "Move this column to the right.", ("columns",),
            footer="To the right"),
    Command("column.sort", "Sort", "Sort by this column; again: the other way round.", ("columns",),
            footer="Sort"),
    Command("pane.close", "Close", "Close this.", ("pane", "columns"), footer="Close"),
    Command("pane.use", "Go to this value", "Open everything that has this value in this field.", ("pane",),
            hint="Go to this value"),
    Command("pane.narrow", "Narrow to this value", "Add this value to the filter.", ("pane",),
            hint="Add it to the filter"),
    Command("pane.next", "Next event", "Details of the next event.", ("pane",), hint="Next event"),
    Command("pane.previous", "Previous event", "Details of the event before.", ("pane",),
            hint="Event before"),
    Command("choice.cancel", "Close", "Close the menu.", ("choice",), footer="Close"),
    Command("choice.down", "Down", "One down.", ("choice",)),
    Command("choice.up", "Up", "One up.", ("choice",)),
    Command("choice.page_down", "Page down", "A page down.", ("choice",)),
    Command("choice.page_up", "Page up", "A page up.", ("choice",)),
    Command("opening.stop", "Stop", "Stop reading the capture.", ("opening",), footer="Stop"),
    *_sort_commands(),
    *_digit_commands(),
)  # fmt: skip

BY_ID = {command.id: command for command in COMMANDS}
