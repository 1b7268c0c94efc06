"""The closing summary of a book: each pool against holding, hedged and not, and what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.canonical import Json
from bot.report.advised import counted
from bot.report.figures import plain
from bot.report.reading import Head, Story, Tick
from bot.report.standing import HedgeMoney, Standing, standings
from bot.report.worth import Worth, worth_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a journal comes to. standing: pool -> where it last stood, pools that had a price.

    worth: pool -> its rates a year and break-evens, the same pools.
    reasons: reason code -> how many layer decisions carried it. orders: filled and refused.
    advice: how often each action was given and each reason said.
    """

    head: Head
    last: Tick | None
    ticks: int
    undone: int
    standing: Mapping[str, Standing]
    worth: Mapping[str, Worth]
    reasons: Mapping[str, int]
    filled: int
    refused: int
    advice: Mapping[str, Json]

    def to_json(self) -> dict[str, Json]:
        """The summary for machines; money as exact text in whole quote tokens."""
        return {
            "ticks": self.ticks,
            "undone": self.undone,
            "block": None if self.last is None else self.last.block_number,
            "time_s": None if self.last is None else self.last.time_s,
            "rules_hash": self.head.rules_hash,
            "pools": {
                pool: _pool_json(standing, self.worth[pool], self.head)
                for pool, standing in self.standing.items()
            },
            "basket": None if self.last is None else self.last.basket.to_json(),
            "advised": dict(self.advice),
            "reasons": dict(self.reasons),
            "orders": {"filled": self.filled, "refused": self.refused},
            "ledger": None
            if self.last is None
            else {"seq": self.last.ledger_seq, "hash": self.last.ledger_hash},
        }


def summarise(story: Story) -> Summary:
    """Compute the summary from everything that stands in the journal."""
    standing: dict[str, Standing] = {}
    for by_pool in standings(story.ticks):
        standing.update(by_pool)
    trades = [trade for tick in story.ticks for trade in tick.trades]
    reasons = Counter(decision.reason.value for tick in story.ticks for decision in tick.decisions)
    filled = sum(trade.is_filled for trade in trades)
    in_order = [spec.name for spec in story.head.specs if spec.name in standing]
    return Summary(
        head=story.head,
        last=story.last,
        ticks=len(story.ticks),
        undone=sum(len(undo.ticks) for undo in story.undone),
        standing={pool: standing[pool] for pool in in_order},
        worth=worth_of(story.ticks, standing),
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        filled=filled,
        refused=len(trades) - filled,
        advice=counted(story.ticks),
    )


def summary_rows(standing: Standing, *, with_engine: bool) -> list[tuple[str, int]]:
    """(label, quote atoms) of one pool, in reading order; each block adds up to its last row.

    with_engine: whether the book has a second engine, whose hedges then are a block of their own.
    """
    return [
        ("holding the tokens", standing.hold_atoms),
        ("impermanent loss", standing.il_atoms),
        ("swap fees", standing.fees_atoms),
        ("realised by withdrawals", standing.realised_atoms),
        ("LP against holding", standing.lp_vs_hold_atoms),
        *_money_rows(standing.hedge, prefix=""),
        ("hedges together", standing.hedge.pnl_atoms),
        *(_money_rows(standing.engine, prefix="engine: ") if with_engine else ()),
        *((("second engine together", standing.engine.pnl_atoms),) if with_engine else ()),
        ("hedged LP against holding", standing.hedged_vs_hold_atoms),
    ]


def _money_rows(money: HedgeMoney, *, prefix: str) -> list[tuple[str, int]]:
    return [
        (f"{prefix}hedge premium", -money.premium_atoms),
        (f"{prefix}hedge spread", -money.spread_atoms),
        (f"{prefix}venue fees", -money.fees_atoms),
        (f"{prefix}hedge payoffs", money.payoff_atoms),
        (f"{prefix}open hedges, at the bid", money.open_value_atoms),
    ]


TOTALS = (
    "LP against holding",
    "hedges together",
    "second engine together",
    "hedged LP against holding",
)
"""The rows of `summary_rows` that sum up the rows above them."""


def _pool_json(standing: Standing, worth: Worth, head: Head) -> Json:
    spec = head.spec(standing.pool)
    atoms = {
        "hold": standing.hold_atoms,
        "lp": standing.lp_atoms,
        "il": standing.il_atoms,
        "fees": standing.fees_atoms,
        "realised": standing.realised_atoms,
        "lp_vs_hold": standing.lp_vs_hold_atoms,
        **_money_atoms(standing.hedge),
        "hedged_vs_hold": standing.hedged_vs_hold_atoms,
    }
    return {
        "currency": spec.quote.symbol,
        "open_hedges": standing.hedge.open_count,
        **{name: plain(value, spec.quote.decimals) for name, value in atoms.items()},
        "engine": {
            "open_hedges": standing.engine.open_count,
            **{
                name: plain(value, spec.quote.decimals)
                for name, value in _money_atoms(standing.engine).items()
            },
        },
        "worth": worth.to_json(spec),
    }


def _money_atoms(money: HedgeMoney) -> dict[str, int]:
    return {
        "premium": money.premium_atoms,
        "spread": money.spread_atoms,
        "venue_fees": money.fees_atoms,
        "payoff": money.payoff_atoms,
        "open_value": money.open_value_atoms,
        "hedge_pnl": money.pnl_atoms,
    }
