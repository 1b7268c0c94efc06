"""Who trades: sizes, honest limits, and nothing without a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from bot.core.actions import Action, AddLiquidity, RemoveLiquidity, Role, SetFee, Swap, TransferLp
from bot.core.actors import funding_actions, step_actions
from bot.core.model_stage import model_specs
from bot.core.pool_model import UNFUNDED, Pools, apply, reserves
from bot.core.scenario import Scenario, Turnover, price_paths
from tests.builders.scripts import two_days

POOL = "WETH-USDC"
SCENARIO = two_days()
SPECS = {spec.name: spec for spec in model_specs(SCENARIO)}
FEE = Fraction(3, 1000)


def prices(scenario: Scenario, step: int) -> Mapping[str, Fraction]:
    return {name: path[step] for name, path in price_paths(scenario).items()}


def funded(scenario: Scenario = SCENARIO) -> Pools:
    pools: Pools = {POOL: UNFUNDED}
    for action in funding_actions(scenario, prices=prices(scenario, 0)):
        pools, _ = apply(pools, action, specs=SPECS, block_time_s=scenario.start_s)
    return pools


def actions(scenario: Scenario, *, step: int = 1, branch: int = 0) -> tuple[Action, ...]:
    return step_actions(
        scenario, SPECS, funded(scenario), prices=prices(scenario, step), step=step, branch=branch
    )


def without_noise(scenario: Scenario) -> Scenario:
    return replace(
        scenario, pools=(replace(scenario.pools[0], turnover=(Turnover(step=0, bps_per_day=0),)),)
    )


def test_funding_gives_the_owner_the_share_that_the_script_says() -> None:
    pool = funded()[POOL]
    share = Fraction(pool.lp_balance, pool.total_supply)
    assert abs(share - Fraction(1, 10)) < Fraction(1, 10**9)
    base, quote = reserves(pool, SPECS[POOL])
    assert base == pytest.approx(1000 * 10**18, rel=1e-12)
    assert quote == pytest.approx(2_000_000 * 10**6, rel=1e-9)


def test_the_arbitrageur_trades_last_and_leaves_the_pool_at_the_edge_of_the_fee_band() -> None:
    jump = without_noise(SCENARIO)
    pools = funded(jump)
    target = prices(jump, 0)[POOL] * Fraction(9, 10)
    played = step_actions(jump, SPECS, pools, prices={POOL: target}, step=1, branch=0)
    (swap,) = played
    assert isinstance(swap, Swap)
    assert (swap.role, swap.sells_base) == (Role.ARBITRAGEUR, True)
    after, _ = apply(pools, swap, specs=SPECS, block_time_s=SCENARIO.time_s(1))
    base, quote = reserves(after[POOL], SPECS[POOL])
    # A little inside the edge: the fee of this very swap stays in the pool.
    assert Fraction(10_025, 10_000) < Fraction(quote, base) / target <= 1 / (1 - FEE)


def test_the_arbitrageur_asks_for_every_atom_and_one_more_is_refused() -> None:
    jump = without_noise(SCENARIO)
    pools = funded(jump)
    target = prices(jump, 0)[POOL] * Fraction(9, 10)
    (swap,) = step_actions(jump, SPECS, pools, prices={POOL: target}, step=1, branch=0)
    assert isinstance(swap, Swap)
    greedy = replace(swap, amount_out_min_atoms=swap.amount_out_min_atoms + 1)
    with pytest.raises(Exception, match="is below"):
        apply(pools, greedy, specs=SPECS, block_time_s=SCENARIO.time_s(1))


def test_nobody_trades_inside_the_fee_band_without_noise() -> None:
    still = without_noise(SCENARIO)
    inside = {POOL: prices(still, 0)[POOL] * Fraction(1002, 1000)}
    assert not step_actions(still, SPECS, funded(still), prices=inside, step=1, branch=0)


def test_noise_traders_turn_over_what_the_script_says_each_way_together() -> None:
    """2000 bps a day on hourly steps: 1/120 of the reserves a step, split by chance."""
    base, quote = reserves(funded()[POOL], SPECS[POOL])
    sold, bought = (
        action
        for action in actions(SCENARIO)
        if isinstance(action, Swap) and action.role is Role.TRADER
    )
    assert (sold.sells_base, bought.sells_base) == (True, False)
    turned = Fraction(sold.amount_in_atoms, base) + Fraction(bought.amount_in_atoms, quote)
    assert float(turned) == pytest.approx(2000 / 10_000 / 24, rel=0.01)


def test_a_path_of_turnover_is_that_of_its_last_point_at_every_step() -> None:
    """2000 bps a day dry up to 200 at step 2: the step before trades as ever, the step a tenth."""
    parts = (Turnover(step=0, bps_per_day=2_000), Turnover(step=2, bps_per_day=200))
    dried = replace(SCENARIO, pools=(replace(SCENARIO.pools[0], turnover=parts),))
    assert actions(dried, step=1) == actions(SCENARIO, step=1)
    for here, there in zip(actions(dried, step=2)[:2], actions(SCENARIO, step=2), strict=False):
        assert isinstance(here, Swap)
        assert isinstance(there, Swap)
        assert there.amount_in_atoms / here.amount_in_atoms == pytest.approx(10, rel=0.01)


def test_a_noise_traders_limit_is_half_a_per_cent_under_what_it_expects() -> None:
    sold = actions(SCENARIO)[0]
    assert isinstance(sold, Swap)
    honest = replace(sold, amount_out_min_atoms=sold.amount_out_min_atoms * 1000 // 994)
    apply(funded(), sold, specs=SPECS, block_time_s=SCENARIO.time_s(1))
    with pytest.raises(Exception, match="is below"):
        apply(funded(), honest, specs=SPECS, block_time_s=SCENARIO.time_s(1))


def test_the_same_pools_get_the_same_actions_and_another_branch_gets_others() -> None:
    assert actions(SCENARIO) == actions(SCENARIO)
    assert actions(SCENARIO) != actions(SCENARIO, branch=1)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ('kind = "deposit"\npool = "WETH-USDC"\nshare_bps = 100', AddLiquidity),
        ('kind = "withdraw"\npool = "WETH-USDC"\nshare_bps = 2500', RemoveLiquidity),
        ('kind = "send"\npool = "WETH-USDC"\nshare_bps = 2500', TransferLp),
        ('kind = "receive"\npool = "WETH-USDC"\nshare_bps = 2500', TransferLp),
        ('kind = "protocol_fee"\non = true', SetFee),
    ],
)
def test_a_cue_is_played_before_the_trades_of_its_step(event: str, kind: type) -> None:
    played = actions(two_days(f"{event}\nday = 1"), step=24)
    assert isinstance(played[0], kind)
    assert all(isinstance(action, Swap) for action in played[1:])


def test_a_withdrawal_takes_its_share_of_the_owners_lp_tokens() -> None:
    event = 'kind = "withdraw"\npool = "WETH-USDC"\nshare_bps = 2500\nday = 1'
    (first, *_) = actions(two_days(event), step=24)
    assert isinstance(first, RemoveLiquidity)
    assert first.lp_atoms == funded()[POOL].lp_balance // 4


def test_turning_a_fee_off_that_is_off_is_no_action() -> None:
    (first, *_) = actions(two_days('kind = "protocol_fee"\non = false\nday = 1'), step=24)
    assert isinstance(first, Swap)
