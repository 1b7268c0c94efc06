"""Three ways to look on while a run goes: a live picture, a line an event, a JSON line a tick."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TextIO

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from bot.core.engine import UNDO_DEPTH_TICKS
from bot.core.errors import BotError
from bot.core.ports import Row
from bot.core.reasons import Reason
from bot.core.record import read_body
from bot.core.watcher import RunEnd, Watcher
from bot.report.figures import amount, moment
from bot.report.plaintext import clean
from bot.report.reading import Story, Tick, Undo, read_head
from bot.report.screen import Frame, picture
from bot.report.sentences import is_event, sentence, trade_sentence
from bot.report.standing import Standing, Standings
from bot.report.waiting import conditions_of

REFRESHES_PER_SECOND = 8
EVENTS_KEPT = 8
LINES_PER_POOL = 7
LINES_AROUND = 6

Rows = Callable[[], Iterable[Row]]
"""The rows of a book that is carried on, so that its past counts too."""


class View(Watcher, Protocol):
    """A watcher that remembers how the run went. Use as a context manager."""

    end: RunEnd | None
    last_error: BotError | None

    def __enter__(self) -> View: ...

    def __exit__(self, *_: object) -> None: ...


class Following:
    """Follows a run with bounded memory: the last ticks, the standings."""

    def __init__(self, so_far: Rows | None) -> None:
        """Start before the book is open."""
        self._so_far = so_far
        self._story: Story | None = None
        self._standings = Standings()
        self.standing: Mapping[str, Standing] = {}
        self.ticks_done = 0

    @property
    def story(self) -> Story:
        """The story so far; a run opens before it ticks."""
        assert self._story is not None, "on_open comes first"
        return self._story

    def open(self, body: Mapping[str, Any]) -> Story:
        """Take in the first row, and the past of a book that is carried on."""
        self._story = Story(head=read_head(body), ticks_max=UNDO_DEPTH_TICKS + 1)
        for past in self._so_far() if self._so_far is not None else ():
            if past.kind == "record":
                self.tick(past)
            elif past.kind == "undo":
                self.undo(past)
        self.ticks_done = 0
        return self._story

    def tick(self, row: Row) -> Tick:
        """Take in one record."""
        tick = self.story.record(read_body(row.body))
        self.standing = {**self.standing, **self._standings.after(tick)}
        self.ticks_done += 1
        return tick

    def undo(self, row: Row) -> Undo:
        """Take back the ticks that an undo row names."""
        undo = self.story.undo(read_body(row.body))
        self._standings.undo(ancestor_number=undo.ancestor_number)
        return undo


class LiveView:
    """The live picture; the terminal is left as it was."""

    def __init__(
        self,
        console: Console,
        *,
        title: str,
        ticks_total: int | None = None,
        so_far: Rows | None = None,
    ) -> None:
        """title: what runs. ticks_total: for the progress bar; None without an end in sight."""
        self.end: RunEnd | None = None
        self.last_error: BotError | None = None
        self._console = console
        self._title = title
        self._ticks_total = ticks_total
        self._following = Following(so_far)
        self._events: deque[str] = deque(maxlen=EVENTS_KEPT)
        self._frame: Frame | None = None
        self._live = Live(
            console=console,
            get_renderable=self.picture,
            refresh_per_second=REFRESHES_PER_SECOND,
        )

    def __enter__(self) -> LiveView:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Draw a last time and stop."""
        self._live.stop()

    def on_open(self, body: Mapping[str, Any], /) -> None:
        """See `Watcher`."""
        self._following.open(body)

    def on_tick(self, row: Row, /) -> None:
        """See `Watcher`."""
        self.show(self._following.tick(row))

    def on_undo(self, row: Row, /) -> None:
        """See `Watcher`."""
        self._events.append(_undo_line(self._following.undo(row)))

    def on_skip(self, error: BotError, /) -> None:
        """See `Watcher`."""
        self.last_error = error
        self._events.append(f"skipped: {error.line}")

    def on_end(self, end: RunEnd, /) -> None:
        """See `Watcher`."""
        self.end = end

    def show(self, tick: Tick) -> None:
        """Put a tick on the screen."""
        following = self._following
        self._events.extend(event_lines(tick, following.story))
        self._frame = Frame(
            title=self._title,
            head=following.story.head,
            tick=tick,
            standing=following.standing,
            conditions=conditions_of(following.story.head.terms),
            events=tuple(self._events),
            ticks_total=self._ticks_total,
            ticks_done=following.ticks_done,
        )

    def picture(self) -> RenderableType:
        """What the screen shows now."""
        if self._frame is None:
            return Text(f"{self._title}: waiting for the first block", "dim")
        room = self._console.size.height - LINES_AROUND
        return picture(self._frame, pools_max=max(1, room // LINES_PER_POOL))


class PlainView:
    """One line per event, for pipes and logs: trades, layers that move, skips, reorgs."""

    def __init__(self, stream: TextIO, *, title: str, so_far: Rows | None = None) -> None:
        """title: what runs."""
        self.end: RunEnd | None = None
        self.last_error: BotError | None = None
        self._stream = stream
        self._title = title
        self._following = Following(so_far)

    def __enter__(self) -> PlainView:
        """Do nothing: there is no screen to set up."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: there is no screen to restore."""

    def on_open(self, body: Mapping[str, Any], /) -> None:
        """See `Watcher`."""
        head = self._following.open(body).head
        pools = ", ".join(spec.name for spec in head.specs if spec.hedged)
        self._say(f"{self._title}: book open on chain {head.chain_id}, hedging {pools}")

    def on_tick(self, row: Row, /) -> None:
        """See `Watcher`."""
        tick = self._following.tick(row)
        for line in event_lines(tick, self._following.story):
            self._say(f"{moment(tick.time_s)} tick {tick.number} {line}")

    def on_undo(self, row: Row, /) -> None:
        """See `Watcher`."""
        self._say(_undo_line(self._following.undo(row)))

    def on_skip(self, error: BotError, /) -> None:
        """See `Watcher`."""
        self.last_error = error
        self._say(f"skipped: {error.line}")

    def on_end(self, end: RunEnd, /) -> None:
        """See `Watcher`."""
        self.end = end
        self._say(f"{end.cause.value}: {end.ticks} ticks, {end.skips} skipped, {end.undone} undone")

    def _say(self, line: str) -> None:
        self._stream.write(f"{clean(line)}\n")
        self._stream.flush()


class JsonView:
    """One JSON line per event: open, tick, undo, skip, end. A tick's line holds its record."""

    def __init__(self, stream: TextIO) -> None:
        """stream: where the lines go."""
        self.end: RunEnd | None = None
        self.last_error: BotError | None = None
        self._stream = stream

    def __enter__(self) -> JsonView:
        """Do nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def on_open(self, body: Mapping[str, Any], /) -> None:
        """See `Watcher`."""
        self._say("open", body)

    def on_tick(self, row: Row, /) -> None:
        """See `Watcher`."""
        self._say("tick", read_body(row.body))

    def on_undo(self, row: Row, /) -> None:
        """See `Watcher`."""
        self._say("undo", read_body(row.body))

    def on_skip(self, error: BotError, /) -> None:
        """See `Watcher`."""
        self.last_error = error
        self._say("skip", {"error": type(error).__name__, "message": str(error)})

    def on_end(self, end: RunEnd, /) -> None:
        """See `Watcher`."""
        self.end = end
        counts = {"ticks": end.ticks, "skips": end.skips, "undone": end.undone}
        self._say("end", {"cause": end.cause.value, **counts})

    def _say(self, event: str, body: Mapping[str, Any]) -> None:
        self._stream.write(f"{json.dumps({'event': event, **body}, sort_keys=True)}\n")
        self._stream.flush()


def event_lines(tick: Tick, story: Story) -> Iterator[str]:
    """What happened on a tick beyond waiting: liquidity, trades, layers that moved without one."""
    dealt = {(trade.order.pool, trade.order.layer) for trade in tick.trades}
    for event in tick.events:
        spec = story.head.spec(event.pool)
        yield (
            f"{event.pool}: {event.kind.value} of liquidity, "
            f"{amount(event.base_atoms, spec.base.decimals)} {spec.base.symbol} and "
            f"{amount(event.quote_atoms, spec.quote.decimals)} {spec.quote.symbol}"
        )
    for trade in tick.trades:
        if not trade.is_filled and trade.order.reason in (
            Reason.RETRY.value,
            Reason.WORKING.value,
        ):
            continue  # asked for again on every tick: once said is enough
        yield trade_sentence(trade, story.head.spec(trade.order.pool))
    for decision in tick.decisions:
        if is_event(decision) and (decision.pool, decision.layer) not in dealt:
            yield sentence(decision, story.head.spec(decision.pool))


def _undo_line(undo: Undo) -> str:
    return f"reorg: {len(undo.ticks)} ticks undone, back to block {undo.ancestor_number}"
