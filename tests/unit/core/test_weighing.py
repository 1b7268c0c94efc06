"""Advice weighed: rates against quad and simulation, costs against the pair, and every verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from bot.core.advice import Action, Advice, Cost, Why
from bot.core.advice_terms import AdviceTerms, Kind
from bot.core.claim import claim_payoff
from bot.core.core_position import CorePosition, Depth, Other
from bot.core.correlation import PairWindow, correlation, pair_step, vol_ratio
from bot.core.offers_of_advice import offer
from bot.core.pool_economics import (
    EVERYWHERE,
    Placed,
    break_even_band,
    exits_a_year,
    expected_loss,
    placed,
    tier_rates,
    work_of,
)
from bot.core.range_worth import held_worth, worth_between
from bot.core.rolling import GRAINS
from bot.core.weighing import weigh
from tests.oracles.amm import largest_out

USD = 10**6
MONTH = 30 / 365
TERMS = AdviceTerms(gas_wei=10**9)
DEPTH = Depth(base_atoms=2_375 * 10**18, quote_atoms=4_750_000 * USD, fee_bps=30)
CORE = CorePosition(
    pool="WETH-USDC",
    price=2_000.0,
    value_atoms=500_000 * USD,
    pool_atoms=10_000_000 * USD,
    others_atoms=9_500_000 * USD,
    base_share=0.5,
    core_atoms=650_000 * USD,
    money_atoms=350_000 * USD,
    pool_fee_bps=30,
    fee_bps=30,
    fee_yield=0.12,
    vol=0.6,
    weighed_vol=0.6,
    irr=0.10,
    wacc=0.10,
    years=MONTH,
    gas_atoms=20 * USD,
    depth=DEPTH,
    fees_atoms=9_000 * USD,
    il_atoms=-4_000 * USD,
)


def advised(kind: Kind, core: CorePosition = CORE, terms: AdviceTerms = TERMS) -> Advice:
    (found,) = weigh(core, replace(terms, kinds=(kind,)))
    return found


def other(**changes: Any) -> Other:
    plain = Other(
        pool="WBTC-USDC",
        fee_yield=0.4,
        vol=0.5,
        weighed_vol=0.5,
        correlation=0.9,
        depth=Depth(base_atoms=100 * 10**8, quote_atoms=6_000_000 * USD, fee_bps=30),
        pool_atoms=12_000_000 * USD,
    )
    return replace(plain, **changes)


# -- rates ----------------------------------------------------------------------------------------


def test_the_full_ranges_loss_is_the_known_closed_form() -> None:
    assert expected_loss(vol=0.8, years=MONTH) == pytest.approx(
        (1 - math.exp(-0.64 * MONTH / 8)) / MONTH, rel=1e-12
    )


@pytest.mark.parametrize(("lower", "upper"), [(0.8, 1.25), (0.5, 1.1), (1.1, 1.5), (0.6, 0.9)])
def test_work_is_the_ratio_of_two_integrals_over_the_final_price(
    lower: float, upper: float
) -> None:
    """Quad over the log-normal density of what a position of value 1 loses against its tokens,
    kept; out of its range too."""
    s = 0.6 * math.sqrt(MONTH)

    def loss(low: float, high: float) -> float:
        def amounts(p: float) -> tuple[float, float]:
            held = min(max(p, low), high)
            return 1 / math.sqrt(held) - (0.0 if high == math.inf else 1 / math.sqrt(high)), (
                math.sqrt(held) - math.sqrt(low)
            )

        base, quote = amounts(1.0)
        size = 1 / (base + quote)

        def lost(z: float) -> float:
            p = math.exp(s * z - s * s / 2)
            now_base, now_quote = amounts(p)
            change = (now_base - base) * p + now_quote - quote
            return -size * change * norm.pdf(z)

        kinks = sorted({(math.log(e) + s * s / 2) / s for e in (low, high) if 0 < e < math.inf})
        kinks = [k for k in kinks if abs(k) < 12]
        return quad(lost, -12, 12, points=kinks or None, epsabs=1e-14, limit=400)[0]

    expected = loss(lower, upper) / loss(0.0, math.inf)
    found = work_of(vol=0.6, years=MONTH, lower=lower, upper=upper)
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_range_works_at_most_as_much_as_its_efficiency_and_as_much_for_a_moment() -> None:
    """Efficiency of +-25 % is 1 / (1 - 1 / sqrt(1.25))."""
    efficiency = 1 / (1 - 1 / math.sqrt(1.25))
    ends = {"lower": 0.8, "upper": 1.25}
    assert work_of(vol=0.6, years=1e-4, **ends) == pytest.approx(efficiency, rel=1e-6)
    works = [work_of(vol=0.6, years=t, **ends) for t in (0.01, MONTH, 0.5, 2.0)]
    assert works == sorted(works, reverse=True)
    assert works[0] < efficiency * (1 + 1e-9)


@pytest.mark.parametrize("width", [0.1, 0.25, 0.5])
def test_exits_are_bounded_by_simulated_touches_of_a_barrier(width: float) -> None:
    """20,000 driftless paths in 2,000 steps: both barriers together are touched at most as often
    as the bound says, and nearly as often where touches are rare."""
    rng = np.random.default_rng(7)
    step = 0.6 * math.sqrt(MONTH / 2_000)
    walk = np.zeros(20_000)
    touched = np.zeros(20_000, dtype=bool)
    for _ in range(2_000):
        walk += step * rng.standard_normal(20_000)
        touched |= np.abs(walk) >= math.log(1 + width)
    ends = {"lower": 1 / (1 + width), "upper": 1 + width}
    bound = exits_a_year(vol=0.6, years=MONTH, **ends) * MONTH
    seen = touched.mean()
    assert seen <= bound + 0.01
    assert bound <= 1.0
    if width >= 0.25:
        assert seen == pytest.approx(bound, rel=0.12)


def test_a_range_beside_the_price_is_put_back_for_certain_and_the_full_one_never() -> None:
    """One end near is worse than two as far as the middle; none is no end at all."""
    at = {"vol": 0.6, "years": MONTH}
    assert exits_a_year(lower=1.05, upper=1.3, **at) == 1 / MONTH
    assert exits_a_year(lower=0.5, upper=0.99, **at) == 1 / MONTH
    assert exits_a_year(lower=0.0, upper=math.inf, **at) == 0.0
    near, middle = (exits_a_year(lower=low, upper=low * 1.5625, **at) for low in (0.95, 0.8))
    above = 2 * norm.sf(math.log(0.95 * 1.5625) / (0.6 * math.sqrt(MONTH)))
    below = 2 * norm.sf(-math.log(0.95) / (0.6 * math.sqrt(MONTH)))
    assert near * MONTH == pytest.approx(above + below, rel=1e-12)
    assert near > middle


def test_a_tier_is_paid_what_others_pay_and_loses_what_arbitrage_keeps() -> None:
    """By mpmath: LVR 0.045, shares 2/(2 + 1.7164 f/b) of even blocks, elasticity 1.5."""
    given = {"fee_yield": 0.12, "vol": 0.6, "fee_bps": 30, "elasticity": 1.5, "block_s": 12.0}
    with mpmath.workdps(30):
        lvr = mpmath.mpf("0.36") / 8
        block = mpmath.mpf("0.6") * mpmath.sqrt(mpmath.mpf(12) / (365 * 86_400))

        def share(fee: str) -> mpmath.mpf:
            return 2 * block / (2 * block + mpmath.mpf("1.7164") * mpmath.mpf(fee))

        others = mpmath.mpf("0.12") - lvr * (1 - share("0.003"))
        paid = others * (mpmath.mpf(5) / 30) ** mpmath.mpf("-0.5")
        net = float(paid - lvr * share("0.0005"))
        fees = float(paid + lvr * (1 - share("0.0005")))
    assert tier_rates(other_bps=5, **given) == pytest.approx((fees, net), rel=1e-12)
    same = tier_rates(other_bps=30, **given)
    assert same == pytest.approx((0.12, 0.12 - 0.045), rel=1e-12)


@pytest.mark.parametrize("fee_yield", [0.0, 0.02])
def test_a_pool_that_is_paid_less_than_arbitrage_alone_would_pay_has_what_it_has(
    fee_yield: float,
) -> None:
    """LVR 0.045 less 22 % of it is more than either: no others' turnover, and no fees made up."""
    given = {"fee_yield": fee_yield, "vol": 0.6, "fee_bps": 30, "elasticity": 3.0, "block_s": 12.0}
    fees, net = tier_rates(other_bps=30, **given)
    assert (fees, net) == pytest.approx((fee_yield, fee_yield - 0.045), abs=1e-15)
    cheap, _ = tier_rates(other_bps=5, **given)
    assert 0 <= cheap <= fee_yield
    assert advised(Kind.TIER, replace(CORE, fee_yield=0.0)).why is Why.BEST


def test_the_band_is_where_fees_pay_for_the_loss_over_entry_value() -> None:
    low, high = break_even_band(price=2_000.0, fees=0.125, lower=0.0, upper=math.inf)
    assert (low, high) == pytest.approx((500.0, 4_500.0))


# -- correlation ----------------------------------------------------------------------------------


def test_correlation_and_volatility_are_numpys() -> None:
    rng = np.random.default_rng(3)
    own = rng.normal(0, 0.01, 80)
    its = 0.7 * own + rng.normal(0, 0.005, 80)
    window = PairWindow()
    grains = [(round(x * GRAINS), round(y * GRAINS)) for x, y in zip(own, its, strict=True)]
    for x, y in grains[:-1]:
        window = pair_step(window, own=x, other=y, length=48)
        assert len(window.returns) <= 48
    window = pair_step(window, own=grains[-1][0], other=grains[-1][1], length=48)
    expected = np.corrcoef(own[-48:], its[-48:])[0, 1]
    assert correlation(window, length=48) == pytest.approx(expected, rel=1e-9)
    ratio = np.linalg.norm(its[-48:]) / np.linalg.norm(own[-48:])
    assert vol_ratio(window, length=48) == pytest.approx(ratio, rel=1e-9)


def test_correlation_is_unknown_before_the_window_is_full_and_while_one_stands_still() -> None:
    still = PairWindow(returns=((5, 0), (7, 0), (-3, 0)))
    assert correlation(still, length=3) is None
    assert correlation(still, length=4) is None
    assert vol_ratio(still, length=4) is None
    assert vol_ratio(still, length=3) == 0.0
    assert vol_ratio(PairWindow(returns=((0, 1), (0, 2), (0, 3))), length=3) is None
    opposed = PairWindow(returns=((5, -10), (7, -14), (-3, 6)))
    assert correlation(opposed, length=3) == pytest.approx(-1.0)


# -- costs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 999, 40_000 * USD, 250_000 * USD, 4_000_000 * USD])
def test_a_swap_costs_what_the_pair_keeps_of_its_worth_at_the_margin(value: int) -> None:
    """Oracle: the largest output that leaves the invariant whole, found by fractions."""
    cost = DEPTH.cost_of_swap(value)
    base = value * DEPTH.base_atoms // DEPTH.quote_atoms
    kept = value - largest_out(base, (DEPTH.base_atoms, DEPTH.quote_atoms), Fraction(3, 1_000))
    assert cost.fee_atoms == math.ceil(Fraction(value * 3, 1_000))
    assert cost.slippage_atoms == max(0, kept - cost.fee_atoms)


def test_paying_quote_for_base_costs_what_selling_base_does() -> None:
    """What the base that is bought is worth at the margin, by the pair's integers, is missing as
    much of what was paid; within the two atoms that are rounded."""
    for value in (40_000 * USD, 250_000 * USD, 4_000_000 * USD):
        bought = largest_out(value, (DEPTH.quote_atoms, DEPTH.base_atoms), Fraction(3, 1_000))
        worth = Fraction(bought * DEPTH.quote_atoms, DEPTH.base_atoms)
        assert abs(DEPTH.cost_of_swap(value).atoms - (value - worth)) <= 2


@pytest.mark.parametrize(("sign", "change"), [(1, 80_000 + 8_000), (-1, 80_000 - 8_000)])
def test_capital_in_or_out_of_a_range_swaps_its_base_side_and_idle_fees_come_first(
    sign: int, change: int
) -> None:
    """A range that is 70 % base, 8,000 of fees idle in quote; 80,000 put in or taken out."""
    at = replace(
        CORE, lower=0.9, upper=2.0, base_share=0.7, idle_atoms=8_000 * USD, compounds=False,
        core_atoms=500_000 * USD, money_atoms=(300 if sign > 0 else 100) * 1_000 * USD,
    )  # fmt: skip
    wanted = (580, 800) if sign > 0 else (420, 600)
    bps = round(wanted[0] / wanted[1] * 10_000)
    terms = replace(TERMS, core_bps_min=bps, core_bps_max=bps)
    found = advised(Kind.RESIZE, at, terms)
    assert int(found.target) == pytest.approx(80_000 * USD, rel=1e-3)
    swap = DEPTH.cost_of_swap(round(0.7 * change * USD))
    assert found.cost.atoms - 20 * USD == pytest.approx(swap.atoms, rel=2e-3)


def test_a_cost_is_gas_and_swap_together_and_a_payback_is_in_days() -> None:
    found = advised(Kind.RESIZE, replace(CORE, core_atoms=900_000 * USD, money_atoms=100_000 * USD))
    swap = DEPTH.cost_of_swap(int(found.target) // 2)
    assert found.cost.gas_atoms == 20 * USD
    assert found.cost.atoms == 20 * USD + swap.fee_atoms + swap.slippage_atoms
    assert Advice(
        pool="", kind=Kind.TIER, action=Action.MOVE_TIER, why=Why.PAYS, gain_atoms=730 * USD,
        cost=found.cost,
    ).payback_days == round(found.cost.atoms / (2 * USD), 3)  # fmt: skip


# -- size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("irr", "core", "action", "wanted"),
    [
        (0.10, 650, Action.KEEP, 6_500),  # it earns what it costs, and is in the band
        (0.30, 650, Action.GROW, 7_000),
        (-0.20, 650, Action.SHRINK, 6_000),
        (0.105, 650, Action.KEEP, 6_500),  # half a per cent is no reason
        (0.10, 910, Action.SHRINK, 7_000),  # too much at risk, whatever it earns
        (0.30, 910, Action.SHRINK, 7_000),
        (-0.20, 910, Action.SHRINK, 6_000),
        (0.10, 300, Action.GROW, 6_000),
        (0.30, 300, Action.GROW, 7_000),
        (0.30, 699, Action.KEEP, 7_000),  # a tenth of a per cent off
        (0.30, 690, Action.GROW, 7_000),  # a whole one
    ],
)
def test_the_core_follows_return_against_cost_of_capital_within_its_band(
    irr: float, core: int, action: Action, wanted: int
) -> None:
    at = replace(
        CORE, irr=irr, core_atoms=core * USD * 1_000, money_atoms=(1_000 - core) * USD * 1_000
    )
    found = advised(Kind.RESIZE, at, replace(TERMS, payback_s_max=10**9))
    assert found.action is action
    assert found.numbers["wanted_bps"] == str(wanted)
    if action is not Action.KEEP:
        part = Fraction(CORE.value_atoms, at.core_atoms)
        amount = abs(Fraction(wanted - core * 10, 10_000) * 1_000_000 * USD) * part
        assert abs(int(found.target) - amount) <= 1
        sign = 1 if action is Action.GROW else -1
        assert found.gain_atoms == pytest.approx(sign * (irr - 0.10) * float(amount), abs=2)


def test_without_return_or_cost_of_capital_the_size_is_not_known() -> None:
    for gap in ({"irr": None}, {"wacc": None}):
        found = advised(Kind.RESIZE, replace(CORE, **gap))
        assert (found.action, found.why) == (Action.KEEP, Why.UNKNOWN)


# -- range ----------------------------------------------------------------------------------------


def test_a_range_that_pays_is_narrowed_to_the_width_that_pays_most() -> None:
    """By hand from the rates: fees shared with one's own liquidity while it is in range, which is
    1 / (1 - 1 / sqrt(1 + w)) times the full range's, less loss, less following."""
    found = advised(Kind.RANGE)
    loss = expected_loss(vol=0.6, years=MONTH)
    held = 0.12 * 10 / (9.5 + 0.5) - loss

    def net(width: float) -> float:
        ends = {"lower": 1 / (1 + width), "upper": 1 + width}
        work = work_of(vol=0.6, years=MONTH, **ends)
        density = 1 / (1 - 1 / math.sqrt(1 + width))
        swap = DEPTH.cost_of_swap(250_000 * USD)
        follow = exits_a_year(vol=0.6, years=MONTH, **ends)
        cost = follow * (40 * USD + swap.atoms) / CORE.value_atoms
        return 0.12 * work * 10 / (9.5 + density * 0.5) - work * loss - cost

    best = max((0.1, 0.25, 0.5), key=net)
    assert (found.action, found.why) == (Action.NARROW, Why.AWAITS)
    assert found.target == str(round(best * 10_000))
    assert found.gain_atoms == pytest.approx((net(best) - held) * CORE.value_atoms, rel=1e-6)
    assert found.cost.atoms == 40 * USD
    low, high = found.numbers["band_low"], found.numbers["band_high"]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < 2_000 < high
    ends = {"lower": 2_000 / (1 + best), "upper": 2_000 * (1 + best)}
    fees = worth_between(CORE, 1 / (1 + best), 1 + best).fees * MONTH
    for end in (low, high):
        assert -claim_payoff(end, entry=2_000.0, **ends).item() == pytest.approx(fees, rel=1e-9)


def test_a_range_is_weighed_by_what_insuring_it_would_cost_and_a_tier_by_what_was() -> None:
    """Losses by the volatility to come; what arbitrage paid by the one that was seen."""
    quiet = replace(CORE, vol=0.3)
    assert advised(Kind.RANGE, quiet).gain_atoms == advised(Kind.RANGE).gain_atoms
    wild = replace(quiet, weighed_vol=1.2)
    assert advised(Kind.RANGE, wild).why is Why.BEST
    assert advised(Kind.TIER, wild).gain_atoms == advised(Kind.TIER, quiet).gain_atoms
    assert advised(Kind.TIER, quiet).gain_atoms < advised(Kind.TIER).gain_atoms


@pytest.mark.parametrize(
    ("lower", "width", "action"),
    [
        (0.7, 2_500, Action.RECENTRE),  # as wide, the price beside its middle
        (0.7, 5_000, Action.WIDEN),
        (0.7, 1_000, Action.NARROW),
        (0.8, 2_500, Action.KEEP),
    ],
)
def test_a_range_is_narrowed_widened_or_put_around_the_price_again(
    lower: float, width: int, action: Action
) -> None:
    """A range of 25 % whose middle the price is at, or above."""
    at = replace(CORE, lower=lower, upper=lower * 1.5625, fee_yield=0.5, vol=0.2, weighed_vol=0.2)
    terms = replace(TERMS, ranges_bps=(width,), gain_bps_min=0, payback_s_max=10**9)
    found = advised(Kind.RANGE, at, terms)
    assert found.action is action or (
        found.why is Why.SMALL and found.target == f"{action.value} {width}"
    )


def test_where_losses_are_above_fees_a_range_is_widened_and_the_full_range_kept() -> None:
    poor = replace(CORE, fee_yield=0.02)
    assert (found := advised(Kind.RANGE, poor)).why is Why.BEST
    assert found.action is Action.KEEP
    widened = advised(Kind.RANGE, replace(poor, lower=0.8, upper=1.25))
    assert (widened.action, widened.target) == (Action.WIDEN, "full")
    assert widened.gain_atoms > 0


def test_ones_own_liquidity_shares_the_fees() -> None:
    """Who is half of the pool earns little by working harder; a mite earns all of it."""
    at = Placed(work=9.0, density=9.0)
    mite = replace(CORE, value_atoms=USD, others_atoms=10_000_000 * USD - USD)
    half = replace(CORE, value_atoms=5_000_000 * USD, others_atoms=5_000_000 * USD)
    assert mite.fee_rate(0.12, at) == pytest.approx(0.12 * 9, rel=1e-5)
    assert half.fee_rate(0.12, at) == pytest.approx(0.12 * 9 * 10 / (5 + 45))
    assert CORE.fee_rate(0.12, EVERYWHERE) == pytest.approx(0.12)


def test_in_another_tier_fees_are_what_they_are_there() -> None:
    """Moved to a tier that earns nine tenths: 12 % here are 10.8 there, to the atom the same."""
    there = replace(CORE, fee_bps=100, fee_factor=0.9)
    seen = replace(CORE, fee_yield=0.108)
    assert advised(Kind.RANGE, there).gain_atoms == advised(Kind.RANGE, seen).gain_atoms
    assert advised(Kind.RANGE, there).numbers["fee_yield"] == 0.108


def test_a_range_the_price_has_left_costs_the_swap_that_puts_it_in_the_middle() -> None:
    gone = replace(CORE, lower=1.05, upper=1.30, base_share=1.0, fee_yield=0.6)
    terms = replace(TERMS, payback_s_max=10**9, ranges_bps=(1_000,))
    found = advised(Kind.RANGE, gone, terms)
    assert (found.action, found.target) == (Action.NARROW, "1000")
    assert found.cost.atoms - 40 * USD == DEPTH.cost_of_swap(250_000 * USD).atoms


def test_idle_fees_are_no_base_so_a_move_buys_for_them_too() -> None:
    """450,000 work, 200,000 of that as base; 50,000 lie idle in quote; half of all is 250,000."""
    at = replace(
        CORE, lower=0.9, upper=2.0, base_share=4 / 9, idle_atoms=50_000 * USD, compounds=False,
        fee_yield=0.9,
    )  # fmt: skip
    found = advised(Kind.RANGE, at, replace(TERMS, ranges_bps=(2_500,), payback_s_max=10**9))
    assert found.action is Action.NARROW
    assert found.cost.atoms - 40 * USD == pytest.approx(
        DEPTH.cost_of_swap(50_000 * USD).atoms, abs=20
    )
    moved = advised(Kind.TIER, replace(at, vol=1.5))
    bought = DEPTH.cost_of_swap(round(50_000 * USD * 4 / 9))
    assert moved.action is Action.MOVE_TIER
    assert moved.cost.atoms - 40 * USD == pytest.approx(bought.atoms, abs=20)
    sold = advised(Kind.MIGRATE, replace(at, others=(other(fee_yield=90.0),)))
    swaps = DEPTH.cost_of_swap(200_000 * USD).plus(other().depth.cost_of_swap(250_000 * USD))
    assert sold.cost.atoms - 40 * USD == pytest.approx(swaps.atoms, abs=20)


# -- tier and pool --------------------------------------------------------------------------------


def test_with_others_paying_the_same_everywhere_only_arbitrage_speaks_of_a_tier() -> None:
    """60 % of volatility: 1 % instead of 0.3 % saves 38 bps a year, which is too little."""
    found = advised(Kind.TIER)
    assert (found.action, found.why, found.target) == (Action.KEEP, Why.SMALL, "move_tier 100")
    assert found.gain_atoms == pytest.approx(0.0038 * CORE.value_atoms, rel=0.01)
    wild = advised(Kind.TIER, replace(CORE, vol=1.5, fee_yield=0.5))
    assert (wild.action, wild.target) == (Action.MOVE_TIER, "100")
    eager = advised(Kind.TIER, CORE, replace(TERMS, tier_elasticity_milli=2_000))
    assert (eager.action, eager.target) == (Action.MOVE_TIER, "5")


def test_from_another_tier_fees_are_held_against_the_watched_pools() -> None:
    """In the tier of 5 of a pool of 30, others' turnover half as elastic: what it is paid
    there is what 30 is paid, brought over, and so is what 100 would be."""
    given = {"fee_yield": 0.5, "vol": 1.5, "elasticity": 0.5, "block_s": 12.0}
    moved = replace(CORE, fee_bps=5, fee_yield=0.5, vol=1.5)
    there, dear = (tier_rates(fee_bps=30, other_bps=bps, **given)[0] for bps in (5, 100))  # type: ignore[arg-type]
    found = advised(Kind.TIER, moved, replace(TERMS, tier_elasticity_milli=500))
    assert (found.action, found.target) == (Action.MOVE_TIER, "100")
    assert found.gain_atoms == pytest.approx((dear - there) * CORE.value_atoms, rel=1e-6)


def test_what_another_tier_pays_a_range_is_shared_with_its_own_liquidity() -> None:
    """A range of 25 % is 9.47 times as dense: of a twentieth of the pool, 10 / (9.5 + 4.74)."""
    at = {"lower": 0.8, "upper": 1.25}
    wild = replace(CORE, vol=1.5, weighed_vol=1.5, fee_yield=0.5)
    full, ranged = (advised(Kind.TIER, one) for one in (wild, replace(wild, **at)))
    there = placed(vol=1.5, years=MONTH, **at)
    shared = there.work * 10 / (9.5 + there.density * 0.5)
    assert ranged.gain_atoms == pytest.approx(full.gain_atoms * shared, rel=1e-6)


def test_a_range_that_is_left_behind_is_no_longer_put_back() -> None:
    """What following would have cost a year is saved by going to a full range elsewhere."""
    rich = other(fee_yield=5.0)
    calm = replace(CORE, lower=0.8, upper=1.25, others=(rich,))
    held = held_worth(calm)
    assert held is not None
    assert held.follow > 0.01
    best = 5.0 * 12 / 12.5 - expected_loss(vol=0.5, years=MONTH)
    found = advised(Kind.MIGRATE, calm)
    assert found.gain_atoms == pytest.approx((best - held.net) * CORE.value_atoms, rel=1e-6)
    assert found.numbers["net_now"] == round(held.fees - held.loss - held.follow, 6)


def test_capital_does_not_go_where_the_price_is_doubted() -> None:
    """The next best takes its place; alone, it is said why not."""
    bent, fair = other(is_trusted=False), other(pool="LINK-USDC", fee_yield=0.39)
    patient = replace(TERMS, payback_s_max=10**9)
    found = advised(Kind.MIGRATE, replace(CORE, others=(bent, fair)), patient)
    assert (found.action, found.target) == (Action.MIGRATE, "LINK-USDC")
    alone = advised(Kind.MIGRATE, replace(CORE, others=(bent,)), patient)
    assert (alone.action, alone.why, alone.target) == (Action.KEEP, Why.DOUBTED, "")


def test_capital_goes_to_the_best_of_the_pools_that_move_along() -> None:
    near, far = other(), other(pool="LINK-USDC", fee_yield=2.0, correlation=0.5)
    poor = other(pool="LDO-USDC", fee_yield=0.1)
    patient = replace(TERMS, payback_s_max=10**9)
    found = advised(Kind.MIGRATE, replace(CORE, others=(far, poor, near)), patient)
    assert (found.action, found.target, found.why) == (Action.MIGRATE, "WBTC-USDC", Why.AWAITS)
    swaps = DEPTH.cost_of_swap(250_000 * USD).plus(near.depth.cost_of_swap(250_000 * USD))
    assert found.cost.atoms == swaps.atoms + 40 * USD
    held = 0.12 - expected_loss(vol=0.6, years=MONTH)
    best = 0.4 * 12 / 12.5 - expected_loss(vol=0.5, years=MONTH)
    assert found.gain_atoms == pytest.approx((best - held) * CORE.value_atoms, rel=1e-6)


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ((), Why.NO_TARGET),
        ((other(correlation=0.7999),), Why.NO_TARGET),
        ((other(correlation=0.8, fee_yield=0.05),), Why.BEST),
        ((other(correlation=None),), Why.UNKNOWN),
        ((other(fee_yield=0.05),), Why.BEST),
        ((other(fee_yield=0.15),), Why.SLOW),
    ],
)
def test_a_pool_is_stayed_in_for_a_reason(others: tuple[Other, ...], why: Why) -> None:
    found = advised(Kind.MIGRATE, replace(CORE, others=others))
    assert (found.action, found.why) == (Action.KEEP, why)


# -- fees and the rest ----------------------------------------------------------------------------


def test_compounding_is_told_beside_the_value_without_any_fees() -> None:
    found = advised(Kind.COMPOUND)
    assert found.why is Why.BY_ITSELF
    assert found.numbers["fees"] == str(9_000 * USD)
    assert found.numbers["il"] == str(-4_000 * USD)
    assert found.numbers["without_fees"] == str(491_000 * USD)


def test_idle_fees_are_put_back_where_the_position_earns_and_not_where_it_decays() -> None:
    """They are quote: the base half of them is bought."""
    idle = replace(CORE, lower=0.8, upper=1.25, compounds=False, idle_atoms=8_000 * USD)
    found = advised(Kind.COMPOUND, idle, replace(TERMS, payback_s_max=10**9))
    assert (found.action, found.why) == (Action.COMPOUND, Why.AWAITS)
    assert found.cost.atoms == 20 * USD + DEPTH.cost_of_swap(4_000 * USD).atoms
    assert advised(Kind.COMPOUND, replace(idle, fee_yield=0.02)).why is Why.BEST
    assert advised(Kind.COMPOUND, replace(idle, idle_atoms=100 * USD)).why is Why.SLOW


def test_fees_put_back_earn_what_is_left_of_the_pools_fees() -> None:
    """F(v) = y w A v / (O + d v), in fractions; what is put back earns F(V) - F(V - idle) less its
    loss: in a position that is half of the pool a tenth of the mean."""
    idle = 80_000 * USD
    half = replace(
        CORE, value_atoms=5_000_000 * USD, others_atoms=5_000_000 * USD, fee_yield=9.0,
        lower=0.8, upper=1.25, compounds=False, idle_atoms=idle,
    )  # fmt: skip
    there = placed(vol=0.6, years=MONTH, lower=0.8, upper=1.25)
    work, density = Fraction(there.work), Fraction(there.density)

    def fees(value: int) -> Fraction:
        return 9 * work * half.pool_atoms * value / (half.others_atoms + density * value)

    more = fees(half.value_atoms) - fees(half.value_atoms - idle)
    loss = idle * Fraction(there.work * expected_loss(vol=0.6, years=MONTH))
    found = advised(Kind.COMPOUND, half)
    assert found.gain_atoms == pytest.approx(float(more - loss), rel=1e-4)
    assert more < fees(half.value_atoms) * Fraction(idle, half.value_atoms) / 9


@pytest.mark.parametrize("kind", [Kind.RANGE, Kind.TIER, Kind.MIGRATE])
@pytest.mark.parametrize("gap", [{"vol": None, "weighed_vol": None}, {"fee_yield": None}])
def test_nothing_is_advised_from_what_is_not_known(kind: Kind, gap: dict[str, None]) -> None:
    found = advised(kind, replace(CORE, others=(other(),), **gap))  # type: ignore[arg-type]
    assert (found.action, found.why) == (Action.KEEP, Why.UNKNOWN)


@pytest.mark.parametrize("kind", [Kind.RANGE, Kind.TIER, Kind.MIGRATE, Kind.RESIZE])
def test_nothing_is_advised_while_gas_has_no_price(kind: Kind) -> None:
    poor = replace(CORE, gas_atoms=None, irr=0.5, others=(other(),))
    assert advised(kind, poor).why is Why.UNKNOWN


@pytest.mark.parametrize(
    ("gain", "cost", "why"),
    [
        (5_000, 100, Why.AWAITS),  # one per cent of 500,000, no less than is asked
        (4_999, 100, Why.SMALL),
        (7_300, 600, Why.AWAITS),  # thirty days at twenty a day, no longer than is allowed
        (7_300, 601, Why.SLOW),
        (-7_300, 0, Why.SMALL),
    ],
)
def test_the_least_gain_and_the_longest_payback_are_enough(gain: int, cost: int, why: Why) -> None:
    found = offer(
        CORE, TERMS, kind=Kind.TIER, action=Action.MOVE_TIER, target="5", gain=gain * USD,
        cost=Cost(gas_atoms=cost * USD), numbers={},
    )  # fmt: skip
    assert found.why is why
    assert found.target == ("5" if why is Why.AWAITS else "move_tier 5")
    needed = offer(
        CORE, TERMS, kind=Kind.RESIZE, action=Action.SHRINK, target="5", gain=gain * USD,
        cost=Cost(gas_atoms=cost * USD), numbers={}, is_needed=True,
    )  # fmt: skip
    assert needed.why is Why.AWAITS


def test_what_stands_may_take_twice_as_long_before_it_falls() -> None:
    """Earned back in 20 days: too long for new advice within 15, and not for what was advised."""
    near = replace(CORE, others=(other(),))
    days = advised(Kind.MIGRATE, near, replace(TERMS, payback_s_max=10**9)).payback_days
    assert days is not None
    terms = replace(TERMS, kinds=(Kind.MIGRATE,), payback_s_max=round(days * 86_400 * 3 / 4))
    (fresh,) = weigh(near, terms)
    (stands,) = weigh(near, terms, standing="migrate WBTC-USDC")
    assert (fresh.why, stands.why) == (Why.SLOW, Why.AWAITS)


def test_what_stands_may_bring_half_as_little_before_it_falls() -> None:
    """38 bps a year are too little for new advice at 60, and enough for what was advised."""
    terms = replace(TERMS, kinds=(Kind.TIER,), gain_bps_min=60)
    (fresh,) = weigh(CORE, terms)
    (stands,) = weigh(CORE, terms, standing="move_tier 100")
    (elsewhere,) = weigh(CORE, terms, standing="move_tier 5")
    assert fresh.why is elsewhere.why is Why.SMALL
    assert (stands.action, stands.why) == (Action.MOVE_TIER, Why.AWAITS)
    (fallen,) = weigh(CORE, replace(terms, gain_bps_min=100), standing="move_tier 100")
    assert fallen.why is Why.SMALL


def test_each_kind_asked_for_is_answered_once_and_survives_the_journal() -> None:
    found = weigh(replace(CORE, others=(other(),)), TERMS)
    assert [advice.kind for advice in found] == list(Kind)
    assert [Advice.from_json(advice.to_json()) for advice in found] == list(found)  # type: ignore[arg-type]
