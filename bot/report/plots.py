"""The charts of a pool, from the ticks of a story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.basket import GRAIN_DIGITS
from bot.core.orders import Intent
from bot.core.reasons import Reason, Status
from bot.core.snapshot import Token
from bot.core.units import atoms_to_float
from bot.report.chart import Chart, Marker, Series, Span
from bot.report.figures import moment
from bot.report.reading import Story, Tick, layers_in_order
from bot.report.sentences import trade_sentence
from bot.report.standing import HedgeMoney, Standing


def charts_of(story: Story, pool: str, standings: Sequence[Mapping[str, Standing]]) -> list[Chart]:
    """Price with layers, IL and fees, the LP against holding, the hedges' money."""
    seen = [
        (tick, standing[pool])
        for tick, standing in zip(story.ticks, standings, strict=True)
        if pool in tick.pools
    ]
    ticks = [tick for tick, _ in seen]
    stands = [standing for _, standing in seen]
    times_s = [tick.time_s for tick in ticks]
    quote = story.head.spec(pool).quote
    charts = [
        _price_chart(story, pool, ticks, times_s),
        _il_chart(pool, ticks, times_s),
        Chart(
            title="Against holding the tokens",
            unit=f"{quote.symbol}; zero is holding",
            times_s=times_s,
            series=(
                _line(
                    "LP without hedges", "a", [s.lp_vs_hold_atoms for s in stands], quote.decimals
                ),
                _line(
                    "LP with hedges", "c", [s.hedged_vs_hold_atoms for s in stands], quote.decimals
                ),
            ),
            with_zero=True,
        ),
    ]
    for title, monies in (
        ("The hedges' money", [s.hedge for s in stands]),
        ("The second engine's money", [s.engine for s in stands]),
    ):
        if any(money != HedgeMoney() for money in monies):
            charts.append(_money_chart(title, monies, times_s, quote))
    return charts


def basket_chart(ticks: Sequence[Tick]) -> Chart:
    """The control over time: one unit put into the basket, and its tokens kept."""
    baskets = [tick.basket for tick in ticks]
    return Chart(
        title="One unit in every watched pool alike, unhedged",
        unit=baskets[-1].currency,
        times_s=[tick.time_s for tick in ticks],
        series=(
            _grains("basket", "b", [basket.value_grains for basket in baskets]),
            _grains("its tokens, held", "a", [basket.hold_grains for basket in baskets]),
        ),
    )


def _money_chart(
    title: str, monies: Sequence[HedgeMoney], times_s: Sequence[int], quote: Token
) -> Chart:
    parts = (
        ("profit or loss", "c", [money.pnl_atoms for money in monies]),
        ("cash so far", "a", [money.cash_atoms for money in monies]),
        ("open hedges, at the bid", "b", [money.open_value_atoms for money in monies]),
    )
    return Chart(
        title=title,
        unit=f"{quote.symbol}; spread and fees included",
        times_s=times_s,
        series=[_line(name, tone, atoms, quote.decimals) for name, tone, atoms in parts],
        with_zero=True,
    )


def _price_chart(story: Story, pool: str, ticks: Sequence[Tick], times_s: Sequence[int]) -> Chart:
    spec = story.head.spec(pool)
    prices = [tick.pools[pool].market.spot_atoms for tick in ticks]
    decimals = spec.quote.decimals
    layers = dict.fromkeys(
        layer for tick in ticks for name, layer, _ in layers_in_order(tick) if name == pool
    )
    return Chart(
        title="Price and layers",
        unit=f"{spec.quote.symbol} per {spec.base.symbol}",
        times_s=times_s,
        series=(_line("price", "a", prices, decimals),),
        markers=[
            Marker(
                time_s=tick.time_s,
                value=atoms_to_float(tick.pools[pool].market.spot_atoms, decimals),
                tone=_tone(trade.order.intent, trade.order.reason),
                text=f"{moment(tick.time_s)} {trade_sentence(trade, spec)}",
            )
            for tick in ticks
            for trade in tick.trades
            if trade.order.pool == pool and trade.is_filled
        ],
        lanes=[(layer, _spans(pool, layer, ticks)) for layer in layers],
    )


def _il_chart(pool: str, ticks: Sequence[Tick], times_s: Sequence[int]) -> Chart:
    exposures = [tick.pools[pool].exposure for tick in ticks]
    fees = [tick.pools[pool].metrics.get("fees_bps") for tick in ticks]
    return Chart(
        title="Impermanent loss and fees",
        unit="bps of the value held; lots held at the time",
        times_s=times_s,
        series=(
            Series(
                name="impermanent loss",
                tone="b",
                values=[None if exposure is None else exposure.il_bps for exposure in exposures],
            ),
            Series(name="fees", tone="c", values=fees),
        ),
        with_zero=True,
    )


def _spans(pool: str, layer: str, ticks: Sequence[Tick]) -> list[Span]:
    """Stretches in which a layer stood in one status, idle ones left out."""
    spans: list[Span] = []
    start_s, status = 0, Status.IDLE.value
    for tick in ticks:
        now = tick.layers.get(pool, {}).get(layer, Status.IDLE.value)
        if now != status:
            spans += _span(layer, status, start_s, tick.time_s)
            start_s, status = tick.time_s, now
    return spans + (_span(layer, status, start_s, ticks[-1].time_s) if ticks else [])


def _span(layer: str, status: str, start_s: int, end_s: int) -> list[Span]:
    if status == Status.IDLE.value:
        return []
    text = f"{layer} {status}, {moment(start_s)} to {moment(end_s)}"
    return [Span(start_s=start_s, end_s=end_s, tone=status, text=text)]


def _line(name: str, tone: str, atoms: Sequence[int], decimals: int) -> Series:
    return Series(name=name, tone=tone, values=[atoms_to_float(value, decimals) for value in atoms])


def _grains(name: str, tone: str, grains: Sequence[int | None]) -> Series:
    values = [None if one is None else atoms_to_float(one, GRAIN_DIGITS) for one in grains]
    return Series(name=name, tone=tone, values=values)


def _tone(intent: Intent, reason: str) -> str:
    return "monetise" if reason == Reason.MONETISE.value else intent.value
