"""What advice on one position remembers from tick to tick; empty where no rule asks for advice.

Of each pool that the capital could go to: fees, returns beside those of the position's own pool,
and whether its price is trusted. Of the position: what was said, when it was weighed last, and the
paper position that follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.core.advice_judge import NOTHING_SAID, Said
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.basket import has_price
from bot.core.correlation import NO_PAIRS, PairWindow, pair_step
from bot.core.fee_stream import NO_STREAM, FeeStream, stream_step
from bot.core.paper_position import PaperPosition, earned, price_of
from bot.core.pool_flow import flow_between
from bot.core.rolling import log_grains
from bot.core.rules import Rules
from bot.core.snapshot import PoolSpec, Snapshot
from bot.core.watched_price import UNSEEN, WatchedPrice, watched

OTHERS_MAX = 16
"""So many pools to go to are looked at, the first in the order of the specs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMemory:
    """One pool to go to. prices: (own, its) at its last sample; None before the first."""

    stream: FeeStream = NO_STREAM
    pairs: PairWindow = NO_PAIRS
    prices: tuple[float, float] | None = None
    price: WatchedPrice = UNSEEN


NEW_OTHER = OtherMemory()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceMemory:
    """Of one hedged pool's position. weighed_s, sampled_s: block times, None before the first."""

    weighed_s: int | None = None
    sampled_s: int | None = None
    said: Said = NOTHING_SAID
    others: Mapping[str, OtherMemory] = field(default_factory=dict)
    paper: PaperPosition | None = None

    def is_due(self, time_s: int, terms: AdviceTerms) -> bool:
        """Whether it is time to weigh again."""
        return self.weighed_s is None or time_s - self.weighed_s >= terms.every_s


NO_ADVICE_MEMORY = AdviceMemory()


def others_of(spec: PoolSpec, snapshot: Snapshot) -> Iterator[tuple[PoolSpec, int]]:
    """Other watched pools that trade against the same quote token, with their places."""
    others = (
        (other, index)
        for index, other in enumerate(snapshot.specs)
        if other.quote.symbol == spec.quote.symbol and other.name != spec.name
    )
    return islice(others, OTHERS_MAX)


def remembered(
    memory: AdviceMemory,
    spec: PoolSpec,
    before: Snapshot | None,
    now: Snapshot,
    rules: Rules,
    *,
    is_trusted: bool,
) -> AdviceMemory:
    """The memory with one more tick. is_trusted: whether the own pool's price may be sampled; else
    the sample waits."""
    time_s, terms = now.block.time_s, rules.advice
    assert terms is not None, "remembered only where advice is asked for"
    due = memory.sampled_s is None or time_s - memory.sampled_s >= terms.sample_s
    takes = due and is_trusted
    others = dict(memory.others)
    if Kind.MIGRATE in terms.kinds:
        own = now.pools[place_of(spec.name, now)]
        for other, index in others_of(spec, now):
            state = now.pools[index]
            if not has_price(state):
                continue
            held = others.get(other.name, NEW_OTHER)
            held = _seen_again(held, other, index, rules, before=before, now=now)
            if takes and held.price.is_trusted:
                held = _sampled(held, (price_of(spec, own), price_of(other, state)), terms)
            others[other.name] = held
    return replace(
        memory,
        others=others,
        sampled_s=time_s if takes else memory.sampled_s,
        paper=_earned(memory.paper, spec, before, now),
    )


def place_of(name: str, snapshot: Snapshot) -> int:
    """Where a watched pool stands among the specs."""
    return next(index for index, spec in enumerate(snapshot.specs) if spec.name == name)


def _seen_again(
    held: OtherMemory,
    spec: PoolSpec,
    index: int,
    rules: Rules,
    *,
    before: Snapshot | None,
    now: Snapshot,
) -> OtherMemory:
    """What was paid in the pool since the tick before, and its price, which it has."""
    state, stream, time_s = now.pools[index], held.stream, now.block.time_s
    if before is not None and has_price(before.pools[index]):
        stream = stream_step(
            stream,
            flow_between(spec, before.pools[index], state),
            elapsed_s=time_s - before.block.time_s,
            half_life_s=rules.market.half_life_s,
        )
    price = watched(held.price, spec, state, time_s=time_s, rules=rules)
    return replace(held, stream=stream, price=price)


def _sampled(held: OtherMemory, prices: tuple[float, float], terms: AdviceTerms) -> OtherMemory:
    if held.prices is None:
        return replace(held, prices=prices)
    own, other = (log_grains(now / then) for now, then in zip(prices, held.prices, strict=True))
    pairs = pair_step(held.pairs, own=own, other=other, length=terms.samples)
    return replace(held, pairs=pairs, prices=prices)


def _earned(
    paper: PaperPosition | None, home: PoolSpec, before: Snapshot | None, now: Snapshot
) -> PaperPosition | None:
    """The paper position with its pool's fees; as it was while that pool has no price."""
    if paper is None or before is None:
        return paper
    place = place_of(paper.pool, now)
    then, after = before.pools[place], now.pools[place]
    if not (has_price(then) and has_price(after)):
        return paper
    return earned(paper, now.specs[place], then, after, is_home=paper.pool == home.name)
