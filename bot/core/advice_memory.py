"""What advice on one position remembers from tick to tick; empty where no rule asks for advice.

Of each pool that the capital could go to: fees and returns beside those of the position's own pool.
Of the position: what was said, when it was weighed last, and the paper position that follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.core.advice_judge import NOTHING_SAID, Said
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.correlation import NO_PAIRS, PairWindow, pair_step
from bot.core.fee_stream import NO_STREAM, FeeStream, stream_step
from bot.core.paper_position import PaperPosition, earned, price_of
from bot.core.pool_flow import flow_between
from bot.core.rolling import log_grains
from bot.core.snapshot import PoolSpec, PoolState, Snapshot

OTHERS_MAX = 16
"""So many pools to go to are looked at, the first in the order of the specs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMemory:
    """One pool to go to. prices: (own, its) at the last sample; None before the first."""

    stream: FeeStream = NO_STREAM
    pairs: PairWindow = NO_PAIRS
    prices: tuple[float, float] | None = None


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
    """Watched pools that another base token trades in against the same quote token, with their
    places."""
    count = 0
    for index, other in enumerate(snapshot.specs):
        if other.quote.symbol == spec.quote.symbol and other.name != spec.name:
            yield other, index
            count += 1
            if count == OTHERS_MAX:
                return


def remembered(
    memory: AdviceMemory,
    spec: PoolSpec,
    before: Snapshot | None,
    now: Snapshot,
    terms: AdviceTerms,
    *,
    half_life_s: int,
    is_trusted: bool,
) -> AdviceMemory:
    """The memory with one more tick. half_life_s: of the average of fees. is_trusted: whether the
    own pool's price may be sampled; else the sample waits."""
    time_s = now.block.time_s
    own = now.pools[place_of(spec.name, now)]
    if not is_priced(own):
        return memory
    due = memory.sampled_s is None or time_s - memory.sampled_s >= terms.sample_s
    takes = due and is_trusted
    others = dict(memory.others)
    if Kind.MIGRATE in terms.kinds:
        for other, index in others_of(spec, now):
            state, then = now.pools[index], None if before is None else before.pools[index]
            held = others.get(other.name, NEW_OTHER)
            if is_priced(state):
                elapsed_s = 0 if before is None else time_s - before.block.time_s
                held = _flowed(
                    held, other, then, state, elapsed_s=elapsed_s, half_life_s=half_life_s
                )
                prices = price_of(spec, own), price_of(other, state)
                others[other.name] = _sampled(held, prices, terms) if takes else held
    return replace(
        memory,
        others=others,
        sampled_s=time_s if takes else memory.sampled_s,
        paper=_earned(memory.paper, before, now),
    )


def place_of(name: str, snapshot: Snapshot) -> int:
    """Where a watched pool stands among the specs."""
    return next(index for index, spec in enumerate(snapshot.specs) if spec.name == name)


def is_priced(state: PoolState) -> bool:
    """Whether a pool has liquidity on both sides, and LP tokens that own it."""
    return min(state.reserve0, state.reserve1, state.total_supply) > 0


def _flowed(
    held: OtherMemory,
    spec: PoolSpec,
    before: PoolState | None,
    now: PoolState,
    *,
    elapsed_s: int,
    half_life_s: int,
) -> OtherMemory:
    if before is None or not is_priced(before):
        return held
    flow = flow_between(spec, before, now)
    stream = stream_step(held.stream, flow, elapsed_s=elapsed_s, half_life_s=half_life_s)
    return replace(held, stream=stream)


def _sampled(held: OtherMemory, prices: tuple[float, float], terms: AdviceTerms) -> OtherMemory:
    if held.prices is None:
        return replace(held, prices=prices)
    own, other = (log_grains(now / then) for now, then in zip(prices, held.prices, strict=True))
    pairs = pair_step(held.pairs, own=own, other=other, length=terms.samples)
    return replace(held, pairs=pairs, prices=prices)


def _earned(
    paper: PaperPosition | None, before: Snapshot | None, now: Snapshot
) -> PaperPosition | None:
    """The paper position with its pool's fees; as it was while that pool has no price."""
    if paper is None or before is None:
        return paper
    place = place_of(paper.pool, now)
    then, after = before.pools[place], now.pools[place]
    if not (is_priced(then) and is_priced(after)):
        return paper
    return earned(paper, now.specs[place], then, after)
