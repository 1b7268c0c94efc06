"""calc surface: how an arbitrage-free surface meets an option chain, expiry by expiry."""

from __future__ import annotations

from argparse import Namespace
from itertools import pairwise
from typing import Any

import numpy as np

from bot.commands.terminal import Terminal
from bot.core.errors import MarketDataError, SurfaceFitError, UsageError
from bot.core.smile import Smile, smiles_of
from bot.core.smile_surface import SmileSurface, fit_of, fit_surface
from bot.core.svi import Slice, density_factor, derivatives
from bot.edges.chain_files import read_forward_quotes
from bot.edges.price_files import iso_second

DAYS_MIN = 3.0
MARGIN_REACH = 8.0
"""Standard deviations at the money within which the margins are told."""
KEYS = (
    "days",
    "quotes",
    "error_mean",
    "error_max",
    "inside",
    "atm_vol",
    "butterfly_margin",
    "calendar_margin",
)


def surface(args: Namespace, terminal: Terminal) -> int:
    """Fit a surface to a chain's file; tell its errors and its distance from arbitrage."""
    quotes = read_forward_quotes(args.chain, at_s=_moment(args.at))
    try:
        smiles = smiles_of(quotes)
        fitted = fit_surface(smiles)
    except SurfaceFitError as error:
        problem = f"expiry in {error.operands['days']} days: {error.operands['problem']}"
        raise MarketDataError(source=args.chain, problem=problem) from None
    rows = _rows(smiles, fitted)
    whole = _whole([row for row in rows if row["days"] >= DAYS_MIN])
    if terminal.wants_json:
        terminal.emit({**whole, "calm_vol": fitted.calm_vol, "expiries": rows})
        return 0
    told = [f"{whole['quotes']} quotes of {DAYS_MIN:g} days or more"]
    if whole["quotes"]:
        told.append(f"mean error {100 * whole['error_mean']:.3f} vol points")
        told.append(f"{100 * whole['inside']:.1f} % between bid and ask or within half a point")
    terminal.say(f"{', '.join(told)}; no arbitrage")
    terminal.table(KEYS, [tuple(_cell(row[key]) for key in KEYS) for row in rows], right=KEYS)
    return 0


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else iso_second(text)
    except ValueError:
        problem = f"time {text!r} is not written as 2026-02-03T04:29:35Z"
        raise UsageError(problem=problem, command="calc surface") from None


def _rows(smiles: tuple[Smile, ...], fitted: SmileSurface) -> list[dict[str, Any]]:
    nexts = [far for _, far in pairwise(fitted.slices)]
    rows = []
    for smile, one, far in zip(smiles, fitted.slices, [*nexts, None], strict=True):
        met = fit_of(fitted, smile)
        rows.append(
            {
                "days": one.years * 365.0,
                "quotes": met.quotes,
                "error_mean": met.error_mean,
                "error_max": met.error_max,
                "inside": met.inside / met.quotes,
                "atm_vol": (one.total_variance(0.0) / one.years) ** 0.5,
                "butterfly_margin": _butterfly_margin(one),
                "calendar_margin": None if far is None else _calendar_margin(one, far),
            }
        )
    return rows


def _places(one: Slice) -> Any:
    return np.linspace(-MARGIN_REACH, MARGIN_REACH, 1601) * one.total_variance(0.0) ** 0.5


def _butterfly_margin(one: Slice) -> float:
    """The least density over the log-normal one: below 0 would be arbitrage."""
    k = _places(one)
    return float(density_factor(k, *derivatives(one, k)).min())


def _calendar_margin(near: Slice, far: Slice) -> float:
    """The least rise of total variance to the next expiry, as a share of the nearer."""
    k = _places(far)
    near_w, far_w = derivatives(near, k)[0], derivatives(far, k)[0]
    return float((far_w / near_w - 1.0).min())


def _whole(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Over all quotes of these expiries; None where there are none."""
    quotes = sum(row["quotes"] for row in rows)
    if not quotes:
        return {"quotes": 0, "error_mean": None, "inside": None}
    mean, inside = (
        sum(row[key] * row["quotes"] for row in rows) / quotes for key in ("error_mean", "inside")
    )
    return {"quotes": quotes, "error_mean": mean, "inside": inside}


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6f}"
