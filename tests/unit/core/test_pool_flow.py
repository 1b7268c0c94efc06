"""Volume and fees from a pair's storage alone, against the swaps that were really played."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import sqrt

import pytest

from bot.core.actions import Action, AddLiquidity, RemoveLiquidity, Role, Swap
from bot.core.errors import AmmRefusal, EmptyPoolError
from bot.core.model_stage import ModelStage, model_specs
from bot.core.pool_flow import NO_FLOW, PoolFlow, flow_between
from bot.core.pool_model import UNFUNDED, Pools, apply, reserves
from bot.core.scenario import Scenario
from bot.core.snapshot import PoolSpec, PoolState
from bot.core.world import Scene, ScriptedWorld
from tests.builders.scripts import TWO_DAYS, scenario_of, two_days

QUIET = TWO_DAYS.replace("turnover_bps_per_day = 2000", "turnover_bps_per_day = 0")
FEE_ON = 'kind = "protocol_fee"\nday = 0.25\non = true'
FEE_OFF = 'kind = "protocol_fee"\nday = 1.5\non = false'
DEPOSIT = 'kind = "deposit"\nday = {day}\npool = "WETH-USDC"\nshare_bps = 700'
WITHDRAW = 'kind = "withdraw"\nday = {day}\npool = "WETH-USDC"\nshare_bps = 3000'


@dataclass(frozen=True)
class Tick:
    """One block: the pair before and after, and the swaps in it as they were ordered."""

    spec: PoolSpec
    before: PoolState
    after: PoolState
    swaps: tuple[Swap, ...]
    moves: int
    actions: tuple[Action, ...]

    @property
    def flow(self) -> PoolFlow:
        return flow_between(self.spec, self.before, self.after)

    def paid_in(self) -> Fraction:
        """The oracle: each swap's own input, in quote atoms at the block's last price."""
        price = self.after.price(self.spec)
        return sum(
            (swap.amount_in_atoms * (price if swap.sells_base else Fraction(1))
             for swap in self.swaps), Fraction(0),
        )  # fmt: skip

    def bound(self) -> float:
        """How far the sum may be off: the worst sqrt(price then / price now), and k's growth."""
        pools: Pools = {self.spec.name: self.before}
        prices: list[float] = []
        for action in self.actions:
            pools = apply(pools, action, specs={self.spec.name: self.spec}, block_time_s=1)[0]
            prices.append(float(pools[self.spec.name].price(self.spec)))
        ratios = [sqrt(price / prices[-1]) for price in prices]
        return max(*ratios, *(1 / ratio for ratio in ratios)) - 1 + 1e-4


class Recorder(ModelStage):
    """The model's stage, which keeps what was played on it."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario, specs=model_specs(scenario))
        self.scenes: list[Scene] = []

    def mine(self, scene: Scene) -> None:
        super().mine(scene)
        self.scenes.append(scene)


def played(scenario: Scenario) -> list[Tick]:
    stage = Recorder(scenario)
    world = ScriptedWorld(scenario, stage)
    for step in range(1, world.steps_count + 1):
        world.step(step)
    return list(_ticks(stage))


def _ticks(stage: Recorder) -> Iterator[Tick]:
    spec = stage.specs[0]
    for before, after in zip(stage.scenes, stage.scenes[1:], strict=False):
        swaps = tuple(action for action in after.actions if isinstance(action, Swap))
        moves = sum(isinstance(a, AddLiquidity | RemoveLiquidity) for a in after.actions)
        yield Tick(
            spec=spec,
            before=before.pools[spec.name],
            after=after.pools[spec.name],
            swaps=swaps,
            moves=moves,
            actions=after.actions,
        )


def test_one_swap_a_block_is_found_to_within_the_atoms_that_rounding_leaves() -> None:
    """A payout is rounded down by less than an atom, which looks like a fee, over the fee rate."""
    ticks = [tick for tick in played(scenario_of(QUIET)) if len(tick.swaps) == 1]
    assert len(ticks) > 30
    for tick in ticks:
        price = max(Fraction(1), tick.after.price(tick.spec))
        slack = 1 + (price + 1) * 10_000 / tick.spec.fee_bps
        assert abs(tick.flow.volume_atoms - tick.paid_in()) <= slack
        assert abs(tick.flow.fees_atoms - tick.paid_in() * 30 / 10_000) <= price + 2
    sides = {tick.swaps[0].sells_base for tick in ticks}
    assert sides == {True, False}


@pytest.mark.parametrize(
    "events",
    [
        (),
        (FEE_ON,),
        (FEE_ON, FEE_OFF),
        (DEPOSIT.format(day=0.5), WITHDRAW.format(day=1.25)),
        (FEE_ON, *(DEPOSIT.format(day=d) for d in ("0.5", "0.75")), WITHDRAW.format(day=1.25)),
    ],
    ids=["plain", "protocol", "protocol on and off", "moves", "protocol and moves"],
)
def test_many_swaps_add_up_within_the_price_range_of_their_block(events: tuple[str, ...]) -> None:
    """Each swap counts at sqrt(price then / price now) of itself; over two days 0.25 % is left."""
    ticks = played(two_days(*events))
    assert sum(tick.moves for tick in ticks) == sum("pool" in event for event in events)
    for tick in ticks:
        assert tick.bound() < 0.02
        assert tick.flow.volume_atoms == pytest.approx(float(tick.paid_in()), rel=tick.bound())
    total = sum(tick.flow.volume_atoms for tick in ticks)
    assert total == pytest.approx(float(sum(tick.paid_in() for tick in ticks)), rel=0.0025)


def test_the_protocols_sixth_is_taken_from_the_lps_fees_only() -> None:
    """From the first deposit with the fee on, LPs keep five sixths of what swaps pay."""
    ticks = played(two_days(FEE_ON, DEPOSIT.format(day=0.5)))
    step = next(i for i, tick in enumerate(ticks) if tick.moves)
    for tick in ticks[:step]:
        assert tick.flow.lp_fees_atoms == tick.flow.fees_atoms
    for tick in ticks[step + 1 :]:
        assert tick.flow.lp_fees_atoms == pytest.approx(tick.flow.fees_atoms * 5 / 6, rel=1e-3)


@pytest.mark.parametrize("fee_on", [False, True])
def test_deposits_and_withdrawals_alone_are_no_volume(fee_on: bool) -> None:
    events = [DEPOSIT.format(day="0.5"), WITHDRAW.format(day="1")] + [FEE_ON] * fee_on
    for tick in played(two_days(*events))[20:]:
        pools = {tick.spec.name: tick.before}
        held = reserves(tick.before, tick.spec)
        add = AddLiquidity(
            role=Role.OUTSIDER, pool=tick.spec.name, base_atoms=held[0] // 7,
            quote_atoms=held[1] // 7, base_min_atoms=0, quote_min_atoms=0,
        )  # fmt: skip
        after = apply(pools, add, specs={tick.spec.name: tick.spec}, block_time_s=1)[0]
        flow = flow_between(tick.spec, tick.before, after[tick.spec.name])
        assert flow.volume_atoms <= 1_000  # a thousandth of a dollar, of 500,000 paid in
        assert flow.lp_fees_atoms <= 3


def test_nothing_happened_nothing_flowed() -> None:
    tick = played(two_days())[0]
    assert flow_between(tick.spec, tick.before, tick.before) == NO_FLOW


def test_an_empty_pool_and_a_pool_without_a_fee_are_refused() -> None:
    tick = played(two_days())[0]
    with pytest.raises(EmptyPoolError):
        flow_between(tick.spec, UNFUNDED, tick.after)
    with pytest.raises(EmptyPoolError):
        flow_between(tick.spec, tick.before, UNFUNDED)
    with pytest.raises(AmmRefusal, match="tells nothing of the volume"):
        flow_between(replace(tick.spec, fee_bps=0), tick.before, tick.after)
