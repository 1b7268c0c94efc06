"""What a command writes to: tables and lines for people, JSON for machines, one line for errors."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from bot.core.errors import BotError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

WIDTH_PIPED = 200
"""Columns of a table that goes into a pipe, where nobody can widen the window."""


class Terminal(NamedTuple):
    """Where output goes and how. NO_COLOR is obeyed by rich itself.

    A named tuple, as importing dataclasses would cost a tenth of `--help`.
    """

    stdout: TextIO
    stderr: TextIO
    wants_json: bool
    no_color: bool
    verbosity: int

    @property
    def is_live(self) -> bool:
        """Whether a person looks at a screen that can be redrawn."""
        return self.stdout.isatty() and not self.wants_json

    def console(self) -> Console:
        """Rich's console on our stdout."""
        from rich.console import Console

        width = None if self.stdout.isatty() else WIDTH_PIPED
        return Console(
            file=self.stdout, no_color=self.no_color or None, width=width, highlight=False
        )

    def emit(self, value: Any) -> None:
        """One JSON document on one line; money and chain integers are text."""
        import json

        self.stdout.write(f"{json.dumps(value, sort_keys=True)}\n")

    def say(self, line: str) -> None:
        """One line for people, without anything that could steer a terminal."""
        from bot.report.plaintext import clean

        self.stdout.write(f"{clean(line)}\n")

    def note(self, line: str) -> None:
        """One line beside the output: on stderr, so that a reader of stdout never meets it."""
        from bot.report.plaintext import clean

        self.stderr.write(f"{clean(line)}\n")

    def draw(self, *pictures: RenderableType) -> None:
        """Tables and texts that rich renders."""
        console = self.console()
        for picture in pictures:
            console.print(picture)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        title: str = "",
        right: Sequence[str] = (),
    ) -> None:
        """A table; `right` names the columns of figures."""
        from rich.table import Table
        from rich.text import Text

        from bot.report.plaintext import clean

        table = Table(
            title=Text(clean(title), "bold") if title else None,
            title_justify="left",
            box=None,
            pad_edge=False,
            header_style="dim",
        )
        for name in columns:
            table.add_column(
                Text(clean(name)), justify="right" if name in right else "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(clean(str(cell))) for cell in row))
        self.draw(table)

    def figures(
        self,
        figures: Mapping[str, float | int | str | None],
        labels: Mapping[str, str],
        *,
        title: str = "",
    ) -> None:
        """Figures by key, for machines, or for people as a table with what each is.

        A figure that there is none of, None, is left out of the table, and null for machines.
        """
        if self.wants_json:
            self.emit(figures)
            return
        rows = [
            (key, f"{figure:.10g}" if isinstance(figure, float) else str(figure), labels[key])
            for key, figure in figures.items()
            if figure is not None
        ]
        self.table(("key", "value", ""), rows, right=("value",), title=title)

    def fail(self, error: BotError) -> int:
        """One line on stderr, or an object with --json; returns the exit code."""
        if self.wants_json:
            import json

            operands = {name: str(value) for name, value in error.operands.items()}
            document: Mapping[str, Any] = {
                "error": type(error).__name__,
                "code": error.exit_code,
                "message": str(error),
                "advice": error.advice.format(**error.operands),
                "operands": operands,
            }
            self.stderr.write(f"{json.dumps(document, sort_keys=True)}\n")
        else:
            from bot.report.plaintext import clean

            self.stderr.write(f"layerhedge: {clean(error.line)}\n")
        return error.exit_code


def terminal_of(args: Namespace) -> Terminal:
    """The terminal that the command line asks for."""
    return Terminal(
        stdout=sys.stdout,
        stderr=sys.stderr,
        wants_json=args.json,
        no_color=args.no_color,
        verbosity=args.verbose,
    )
