"""Advice on core positions in plain sentences, and what following it on paper came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.core.advice import Action, Advice, Why
from bot.core.advice_terms import Kind
from bot.core.canonical import Json
from bot.core.snapshot import PoolSpec
from bot.report.advice_numbers import numbers_in_words
from bot.report.figures import amount, change, plain

WORDS: Mapping[Action, str] = {
    Action.KEEP: "keep",
    Action.GROW: "put in {target}",
    Action.SHRINK: "take out {target}",
    Action.NARROW: "narrow the range to {target}",
    Action.WIDEN: "widen the range to {target}",
    Action.RECENTRE: "put the range of {target} around the price again",
    Action.MOVE_TIER: "move to the fee tier of {target}",
    Action.MIGRATE: "move to {target}",
    Action.COMPOUND: "put idle fees of {target} back",
}
"""What each action says; `{target}` with its unit."""

KEPT: Mapping[Kind, str] = {
    Kind.RESIZE: "keep its size",
    Kind.RANGE: "keep its range",
    Kind.TIER: "keep its fee tier",
    Kind.MIGRATE: "stay in its pool",
    Kind.COMPOUND: "leave its fees",
}

REASONS: Mapping[Why, str] = {
    Why.PAYS: "it pays for its cost in time",
    Why.FOLLOWED: "it pays for its cost in time; booked on paper",
    Why.AWAITS: "it would pay, once more weighings in a row have said so",
    Why.SETTLING: "it would pay, but other advice is too recent",
    Why.OUTBID: "it would pay, but another action pays more",
    Why.SMALL: "the best there is would bring too little",
    Why.SLOW: "the best there is would take too long to earn its cost back",
    Why.BEST: "nothing offered is better",
    Why.IN_BAND: "its share of the capital is where return and cost of capital want it",
    Why.UNKNOWN: "a figure that it needs is not known yet",
    Why.NO_TARGET: "no watched pool moves along closely enough",
    Why.DOUBTED: "the price of the pool to go to is not trusted",
    Why.BY_ITSELF: "the pool compounds by itself; told apart, so that it hides no loss",
}
"""What each reason says."""

ASSUMED = "V3 is assumed, not watched"
"""Said wherever a range or a fee tier is spoken of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSeen:
    """A paper position after a tick; amounts in quote atoms, range ends over the price."""

    pool: str
    fee_bps: int
    lower: float | None
    upper: float | None
    value_atoms: int
    moved_atoms: int
    costs_atoms: int
    moves: int
    alone_atoms: int
    gain_atoms: int


class Advised(Protocol):
    """What is read of a tick."""

    @property
    def advice(self) -> tuple[Advice, ...]: ...


def read_papers(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, PaperSeen]:
    """Paper positions by home pool, as a record has them."""
    return {
        pool: PaperSeen(
            pool=row["pool"],
            fee_bps=row["fee_bps"],
            lower=row["lower"],
            upper=row["upper"],
            value_atoms=int(row["value"]),
            moved_atoms=int(row["moved"]),
            costs_atoms=int(row["costs"]),
            moves=row["moves"],
            alone_atoms=int(row["alone"]),
            gain_atoms=int(row["gain"]),
        )
        for pool, row in rows.items()
    }


def latest(ticks: Sequence[Advised]) -> list[Advice]:
    """The newest advice on every position, each pool's together."""
    found: dict[str, list[Advice]] = {}
    for tick in reversed(ticks):
        told: dict[str, list[Advice]] = {}
        for advice in tick.advice:
            told.setdefault(advice.pool, []).append(advice)
        for pool, pieces in told.items():
            found.setdefault(pool, pieces)
    return [advice for pool in sorted(found) for advice in found[pool]]


def advice_sentence(advice: Advice, spec: PoolSpec) -> str:
    """`WETH-USDC: narrow the range to +-25 %: it pays for its cost in time (gain ... a year)`."""
    words = KEPT[advice.kind] if advice.action is Action.KEEP else WORDS[advice.action]
    action, target = _split(advice)
    said = f"{advice.pool}: {words.format(target=_target(action, target, spec))}"
    figures = ", ".join(_figures(advice, spec))
    assumed = f"; {ASSUMED}" if is_assumed(advice) else ""
    return f"{said}: {REASONS[advice.why]}" + (f" ({figures})" if figures else "") + f"{assumed}."


def is_assumed(advice: Advice) -> bool:
    """Whether it speaks of a pool that the bot does not watch: a range, or another fee tier."""
    action, _ = _split(advice)
    return action is not Action.KEEP and advice.kind in (Kind.RANGE, Kind.TIER)


def advice_cells(advice: Advice, spec: PoolSpec) -> tuple[str, str, str, str, str, str]:
    """For a table: what, why, gain a year, cost, days until earned back, and the rest. Of what is
    kept, what was weighed stands with why."""
    action, target = _split(advice)
    why = REASONS[advice.why]
    if action is not advice.action:
        why = f"{why}: {WORDS[action].format(target=_target(action, target, spec))}"
    rest = ", ".join(
        [*numbers_in_words(advice.numbers, spec), *([ASSUMED] if is_assumed(advice) else [])]
    )
    gain, cost, days = "", "", ""
    if action is not Action.KEEP:
        gain = f"{change(advice.gain_atoms, spec.quote.decimals)} {spec.quote.symbol}"
        cost = f"{amount(advice.cost.atoms, spec.quote.decimals)} {spec.quote.symbol}"
        days = "" if advice.payback_days is None else f"{advice.payback_days:,.1f}"
    words = KEPT[advice.kind] if advice.action is Action.KEEP else WORDS[advice.action]
    return words.format(target=_target(action, target, spec)), why, gain, cost, days, rest


def paper_sentence(pool: str, paper: PaperSeen, spec: PoolSpec) -> str:
    """What following has come to, against leaving the position alone."""
    decimals, symbol = spec.quote.decimals, spec.quote.symbol
    times = f"{paper.moves} time" + "s" * (paper.moves != 1)
    return (
        f"{pool}: following the advice on paper, {times}, cost "
        f"{amount(paper.costs_atoms, decimals)} {symbol}: worth "
        f"{amount(paper.value_atoms - paper.moved_atoms, decimals)}, left alone "
        f"{amount(paper.alone_atoms, decimals)}: {change(paper.gain_atoms, decimals)} {symbol}"
        + (f"; {ASSUMED}" if paper.moves else "")
    )


def advice_json(advice: Advice, spec: PoolSpec) -> Json:
    """For machines; money as exact text."""
    decimals = spec.quote.decimals
    return {
        "pool": advice.pool,
        "kind": advice.kind.value,
        "action": advice.action.value,
        "why": advice.why.value,
        "target": advice.target,
        "gain_per_year": plain(advice.gain_atoms, decimals),
        "cost": plain(advice.cost.atoms, decimals),
        "gas": plain(advice.cost.gas_atoms, decimals),
        "swap_fee": plain(advice.cost.fee_atoms, decimals),
        "slippage": plain(advice.cost.slippage_atoms, decimals),
        "payback_days": advice.payback_days,
        "numbers": dict(advice.numbers),
        "assumed": is_assumed(advice),
        "text": advice_sentence(advice, spec),
    }


def paper_json(paper: PaperSeen, spec: PoolSpec) -> Json:
    """For machines; money as exact text."""
    decimals = spec.quote.decimals
    money = {
        "value": paper.value_atoms,
        "moved": paper.moved_atoms,
        "costs": paper.costs_atoms,
        "alone": paper.alone_atoms,
        "gain": paper.gain_atoms,
    }
    return {
        "pool": paper.pool,
        "currency": spec.quote.symbol,
        "fee_bps": paper.fee_bps,
        "lower": paper.lower,
        "upper": paper.upper,
        "moves": paper.moves,
        "assumed": paper.moves > 0,
        **{name: plain(atoms, decimals) for name, atoms in money.items()},
    }


def counted(ticks: Sequence[Advised]) -> dict[str, Json]:
    """How often each action was given, and each reason said."""
    told = [advice for tick in ticks for advice in tick.advice]
    given = Counter(advice.action.value for advice in told if advice.is_given)
    reasons = Counter(advice.why.value for advice in told)
    return {"given": dict(sorted(given.items())), "reasons": dict(sorted(reasons.items()))}


def _split(advice: Advice) -> tuple[Action, str]:
    """The action and target that were weighed, of what is kept too."""
    if advice.action is not Action.KEEP or not advice.target:
        return advice.action, advice.target
    action, _, target = advice.target.partition(" ")
    return Action(action), target


def _target(action: Action, target: str, spec: PoolSpec) -> str:
    if action in (Action.GROW, Action.SHRINK, Action.COMPOUND):
        return f"{amount(int(target), spec.quote.decimals)} {spec.quote.symbol}"
    if action in (Action.NARROW, Action.WIDEN, Action.RECENTRE):
        return "every price" if target == "full" else f"\u00b1{int(target) / 100:g} %"
    return f"{int(target)} bps" if action is Action.MOVE_TIER else target


def _figures(advice: Advice, spec: PoolSpec) -> list[str]:
    decimals, symbol = spec.quote.decimals, spec.quote.symbol
    found = []
    action, target = _split(advice)
    if action is not Action.KEEP:
        if advice.action is Action.KEEP:
            found.append(WORDS[action].format(target=_target(action, target, spec)))
        found.append(f"gain {change(advice.gain_atoms, decimals)} {symbol} a year")
        found.append(f"cost {amount(advice.cost.atoms, decimals)} {symbol}")
        if advice.payback_days is not None:
            found.append(f"earned back in {advice.payback_days:,.1f} days")
    return [*found, *numbers_in_words(advice.numbers, spec)]


assert set(WORDS) == set(Action), "every action has its words"
assert set(REASONS) == set(Why), "every reason has its words"
assert set(KEPT) == set(Kind), "so has whatever is kept"
