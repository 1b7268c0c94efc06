"""calc vol, cone and volindex: realised and implied volatility of files, from the shell."""

from __future__ import annotations

import re
from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, datetime

from bot.commands.terminal import Terminal
from bot.core.bars import Bars, moves, resampled
from bot.core.cone import ConeRow
from bot.core.cone import cone as cone_rows
from bot.core.errors import EstimateError, UsageError
from bot.core.iv_rank import daily_move, iv_rank
from bot.core.timerange import Timerange, parse_timerange
from bot.core.units import DAY_S
from bot.core.variance_strip import StripVariance, vol_index
from bot.core.volatility import (
    Estimator,
    RealisedVol,
    annualised,
    close_variance_zero_mean,
    realised_vol,
)
from bot.edges.chain_files import read_chain
from bot.edges.price_files import floats, iso_second, read_bars, read_table

RANK_LABELS = {
    "now": "the newest level, in the file's unit",
    "min": "the least of the days",
    "max": "the most of the days",
    "rank": "(now - min) / (max - min)",
    "percentile": "share of the days below now",
    "days": "how many there are, the newest included",
    "daily_move": "now over the root of 365: a day's standard deviation, in the same unit",
}
VOL_LABELS = {
    "annualised": "volatility a year of 365 days, a fraction",
    "bars": "bars used, each with the close before it",
}
CONE_KEYS = ("min", "p25", "p50", "p75", "max", "overlap_factor")
STRIP_KEYS = ("forward", "k0", "variance", "strikes")
UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": DAY_S}


def vol(args: Namespace, terminal: Terminal) -> int:
    """Annualised realised volatility of a file of prices."""
    names = [estimator.value for estimator in Estimator]
    if args.estimator not in names:
        problem = f"estimator {args.estimator!r} is none of {', '.join(names)}"
        raise UsageError(problem=problem, command="calc vol")
    if args.zero_mean and args.estimator != Estimator.CLOSE:
        raise UsageError(problem="--zero-mean goes with --estimator close", command="calc vol")
    bars = _bars(args, command="calc vol")
    found = _zero_mean(bars) if args.zero_mean else realised_vol(bars, Estimator(args.estimator))
    terminal.figures({"annualised": found.annualised, "bars": found.bars}, VOL_LABELS)
    if not terminal.wants_json:
        _tell_holes(args, bars, terminal)
    return 0


def cone(args: Namespace, terminal: Terminal) -> int:
    """Where close-to-close volatility has stood, horizon by horizon."""
    horizons = _horizons(args.horizons)
    bars = _bars(args, command="calc cone")
    rows = cone_rows(bars, horizons)
    if terminal.wants_json:
        terminal.emit({str(row.horizon): _cone_figures(row) for row in rows})
        return 0
    terminal.table(
        ("horizon", *CONE_KEYS),
        [
            (str(row.horizon), *(f"{value:.6f}" for value in _cone_figures(row).values()))
            for row in rows
        ],
        right=("horizon", *CONE_KEYS),
    )
    _tell_holes(args, bars, terminal)
    return 0


def volindex(args: Namespace, terminal: Terminal) -> int:
    """The variance-strip index of an option chain."""
    try:
        at_s = iso_second(args.at)
    except ValueError:
        problem = f"time {args.at!r} is not written as 2026-02-03T04:29:35Z"
        raise UsageError(problem=problem, command="calc volindex") from None
    found = vol_index(
        read_chain(args.chain), at_s=at_s, days=args.days, rate=args.rate, rate_next=args.rate_next
    )
    ends = {"near": found.near, "next": found.next}
    if terminal.wants_json:
        strips = {end: _strip_figures(strip) for end, strip in ends.items()}
        terminal.emit({"index": found.index, **strips})
        return 0
    terminal.say(f"index {found.index:.10g} (annual fraction) over {args.days:g} days")
    terminal.table(
        ("", "expiry", *STRIP_KEYS),
        [
            (end, _moment(strip), *(f"{value:.10g}" for value in _strip_figures(strip).values()))
            for end, strip in ends.items()
        ],
        right=STRIP_KEYS,
    )
    return 0


def rank(args: Namespace, terminal: Terminal) -> int:
    """Where the newest level stands among the past ones, and the day's move that it means."""
    table = read_table(args.history, texts=(), numbers=(args.column,))
    found = iv_rank(floats(args.history, table, args.column)[-args.days :])
    figures = {
        "now": found.now,
        "min": found.least,
        "max": found.most,
        "rank": found.rank,
        "percentile": found.percentile,
        "days": found.days,
        "daily_move": daily_move(found.now),
    }
    terminal.figures(figures, RANK_LABELS)
    return 0


def _bars(args: Namespace, *, command: str) -> Bars:
    """The bars asked for: cut to the range first, so that nothing outside it is looked at."""
    step_s = _step_s(args.bars, command=command)
    span = parse_timerange(args.timerange, command=command) if args.timerange else Timerange()
    everything = read_bars(args.prices)
    bars = everything.between(span.from_s, span.until_s)
    if not len(bars):
        problem = f"{args.prices} has no bars in {args.timerange}"
        raise EstimateError(figure="volatility", problem=problem)
    return resampled(bars, step_s)


def _step_s(text: str, *, command: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([smhd])", text)
    step_s = int(found[1]) * UNIT_S[found[2]] if found else 0
    if step_s < 1 or DAY_S % step_s:
        problem = f"bars {text!r} are not written as 5m, 1h or 1d, or do not divide the day"
        raise UsageError(problem=problem, command=command)
    return step_s


def _horizons(text: str) -> list[int]:
    if not re.fullmatch(r"\d{1,6}(,\d{1,6})*", text):
        problem = f"horizons {text!r} are not written as 7,14,30"
        raise UsageError(problem=problem, command="calc cone")
    return [int(part) for part in text.split(",")]


def _cone_figures(row: ConeRow) -> dict[str, float]:
    figures = asdict(row)
    return {key: figures[key] for key in CONE_KEYS}


def _strip_figures(strip: StripVariance) -> dict[str, float]:
    figures = asdict(strip)
    return {key: figures[key] for key in STRIP_KEYS}


def _zero_mean(bars: Bars) -> RealisedVol:
    seen = moves(bars)
    variance = close_variance_zero_mean(seen)
    return RealisedVol(
        annualised=annualised(variance, step_s=bars.step_s), bars=len(seen.close_to_close)
    )


def _moment(strip: StripVariance) -> str:
    return datetime.fromtimestamp(strip.expiry_s, UTC).isoformat()


def _tell_holes(args: Namespace, bars: Bars, terminal: Terminal) -> None:
    """Say what is missing: nothing was filled."""
    missing = len(bars.missing_start_s())
    holed = int((bars.parts < bars.parts.max()).sum())
    if missing or holed:
        terminal.say(f"{missing} of the {args.bars} bars are missing, {holed} have holes inside")
