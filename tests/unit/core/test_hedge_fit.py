"""The best hedge from listed options: optimal by other solvers, its guarantee by a finer grid."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from bot.core.errors import HedgeFitError, OptionInputError
from bot.core.hedge_fit import HedgeFit, HedgeTerms, Objective, best_hedge
from bot.core.offers import Offers
from bot.core.option_legs import unit_payoffs
from bot.core.options import black_price
from bot.core.orders import ContractKind
from bot.core.residual import Position, residual

POSITION = Position(entry=2200.0, lower=2000.0, upper=2400.0, notional=1e6)
YEARS = 10 / 365
TERMS = HedgeTerms(low=1700.0, high=2700.0, years=YEARS)
STRIKES = np.arange(1600.0, 2801.0, 50.0)


def offers(
    *, years: float = YEARS, half_vol: float = 0.01, strikes: np.ndarray = STRIKES
) -> Offers:
    """Puts and calls on every strike at 60 % volatility, a vol point either way, and a tick."""
    is_call = np.repeat([False, True], strikes.size)
    both = np.tile(strikes, 2)

    def at(vol: float) -> np.ndarray:
        return np.array(
            [
                black_price(
                    kind=ContractKind.CALL if call else ContractKind.PUT,
                    forward=2200.0, strike=strike.item(), vol=vol, years=years,
                )
                for call, strike in zip(is_call, both, strict=True)
            ]
        )  # fmt: skip

    return Offers(
        is_call=is_call,
        strikes=both,
        years=np.full(both.size, years),
        bids=np.maximum(0.0, at(0.6 - half_vol) - 0.1),
        asks=at(0.6 + half_vol) + 0.1,
    )


LISTED = offers()
BUDGETS = [inf, 20_000.0, 5_000.0, 0.0]


def fit(objective: Objective, **changes: float) -> HedgeFit:
    return best_hedge(LISTED, POSITION, terms=replace(TERMS, **changes), objective=objective)


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("long_only", [True, False])
@pytest.mark.parametrize("budget", BUDGETS)
def test_the_guarantee_holds_on_a_grid_finer_than_the_solvers(
    objective: Objective, long_only: bool, budget: float
) -> None:
    """Oracle: 50,001 prices."""
    hedge = fit(objective, long_only=long_only, budget=budget)
    grid = np.linspace(TERMS.low, TERMS.high, 50_001)
    missed = residual(grid, legs=hedge.legs, position=POSITION)
    assert hedge.bounds.lowest - 1e-6 <= missed.min()
    assert missed.max() <= hedge.bounds.highest + 1e-6
    assert max(-missed.min(), missed.max()) == pytest.approx(hedge.bounds.worst, rel=1e-4)


@pytest.mark.parametrize("objective", list(Objective))
@pytest.mark.parametrize("long_only", [True, False])
@pytest.mark.parametrize("budget", BUDGETS)
def test_the_budget_the_sign_and_the_cost_are_kept(
    objective: Objective, long_only: bool, budget: float
) -> None:
    hedge = fit(objective, long_only=long_only, budget=budget)
    bought, sold = np.maximum(hedge.quantities, 0.0), np.maximum(-hedge.quantities, 0.0)
    assert hedge.cost == pytest.approx(bought @ LISTED.asks - sold @ LISTED.bids, abs=1e-6)
    assert hedge.cost <= budget + 1e-2  # a hundred-millionth of the largest loss, and legs rounded
    assert not (long_only and sold.any())
    everywhere = np.concatenate([[0.0], STRIKES, [1e5]])
    outside = everywhere[(everywhere < TERMS.low) | (everywhere > TERMS.high)]
    assert np.all(hedge.legs.payoff(outside) >= -1.0)


@pytest.mark.parametrize("budget", [inf, 15_000.0])
@pytest.mark.parametrize("long_only", [True, False])
def test_minimax_is_the_optimum_of_a_dense_linear_programme(budget: float, long_only: bool) -> None:
    """Oracle: the same programme on a grid of 4,001 prices, which can only be easier."""
    hedge = fit(Objective.MINIMAX, budget=budget, long_only=long_only)
    grid = np.union1d(np.linspace(TERMS.low, TERMS.high, 4_001), STRIKES)
    grid = grid[(grid >= TERMS.low) & (grid <= TERMS.high)]
    one = unit_payoffs(grid, is_call=LISTED.is_call, strikes=LISTED.strikes)
    pays, loss = np.hstack([one, -one]), -POSITION.loss(grid)
    ones = np.ones((grid.size, 1))
    outside = np.array([0.0, 1600.0, 1650.0, 1700.0, 2700.0, 2750.0, 2800.0])
    out = unit_payoffs(outside, is_call=LISTED.is_call, strikes=LISTED.strikes)
    is_call = LISTED.is_call.astype(float)
    slope = np.append(is_call, -is_call)
    owed = np.vstack([np.hstack([out, -out]), slope])
    cost = np.concatenate([LISTED.asks, -LISTED.bids])
    rows = [np.hstack([-pays, -ones]), np.hstack([pays, -ones])]
    rows.append(np.hstack([-owed, np.zeros((len(owed), 1))]))
    limits = np.concatenate([-loss, loss, np.zeros(len(owed))])
    if budget < inf:
        rows.append(np.append(cost, 0.0)[None, :])
        limits = np.append(limits, budget)
    may_sell = (LISTED.bids > 0.0) & (not long_only)
    tops = [None] * LISTED.asks.size + [None if may else 0.0 for may in may_sell] + [None]
    dense = linprog(
        np.append(np.zeros(cost.size), 1.0), A_ub=np.vstack(rows), b_ub=limits,
        bounds=[(0.0, top) for top in tops], method="highs-ipm",
    )  # fmt: skip
    assert dense.status == 0
    assert hedge.bounds.worst == pytest.approx(dense.fun, rel=1e-4, abs=0.02)


def test_least_squares_is_the_optimum_of_another_solver() -> None:
    """Oracle: SLSQP on the mean square over a grid, from a start of its own, puts then calls."""
    listed = offers(strikes=np.arange(1800.0, 2601.0, 100.0))
    otm = listed.is_call == (listed.strikes > 2200.0)
    listed = Offers(
        is_call=listed.is_call[otm], strikes=listed.strikes[otm], years=listed.years[otm],
        bids=listed.bids[otm], asks=listed.asks[otm],
    )  # fmt: skip
    grid = np.linspace(TERMS.low, TERMS.high, 20_001)
    pays = unit_payoffs(grid, is_call=listed.is_call, strikes=listed.strikes) / 1e4
    loss = -POSITION.loss(grid) / 1e4
    for budget in (inf, 8_000.0):
        terms = replace(TERMS, budget=budget)
        hedge = best_hedge(listed, POSITION, terms=terms, objective=Objective.LEAST_SQUARES)

        def mean_square(x: np.ndarray) -> tuple[float, np.ndarray]:
            missed = pays @ x - loss
            return np.mean(missed**2), 2.0 * pays.T @ missed / grid.size

        caps = [] if budget == inf else [
            {"type": "ineq", "fun": lambda x: (8_000.0 - listed.asks @ x) / 1e4}
        ]  # fmt: skip
        other = minimize(
            mean_square, np.full(listed.asks.size, 10.0), jac=True, method="SLSQP",
            bounds=[(0.0, None)] * listed.asks.size, constraints=caps,
            options={"maxiter": 2_000, "ftol": 1e-14},
        )  # fmt: skip
        assert other.success
        assert mean_square(hedge.quantities)[0] == pytest.approx(other.fun, rel=2e-3)
        assert mean_square(hedge.quantities)[0] <= other.fun * (1 + 2e-3)


@pytest.mark.parametrize("objective", list(Objective))
def test_more_budget_and_more_freedom_never_make_the_hedge_worse(objective: Objective) -> None:
    def miss(hedge: HedgeFit) -> float:
        grid = np.linspace(TERMS.low, TERMS.high, 10_001)
        missed = residual(grid, legs=hedge.legs, position=POSITION)
        if objective is Objective.LEAST_SQUARES:
            return float(np.sqrt(np.mean(missed**2)))
        return hedge.bounds.worst if objective is Objective.MINIMAX else -hedge.bounds.lowest

    bought = [miss(fit(objective, budget=budget)) for budget in BUDGETS]
    free = [miss(fit(objective, budget=budget, long_only=False)) for budget in BUDGETS]
    assert bought == sorted(bought, key=lambda x: round(x, 1))
    assert all(wide <= narrow + 0.1 for wide, narrow in zip(free, bought, strict=True))


def test_enough_budget_leaves_no_shortfall() -> None:
    assert fit(Objective.SHORTFALL).bounds.lowest == pytest.approx(0.0, abs=0.01)


def test_without_a_budget_nothing_is_bought_and_all_the_loss_is_missed() -> None:
    hedge = fit(Objective.MINIMAX, budget=0.0)
    largest = -POSITION.loss([TERMS.low, TERMS.high]).min()
    assert hedge.bounds.worst == pytest.approx(largest, rel=1e-6)


def test_no_more_is_dealt_of_one_option_than_the_venue_takes() -> None:
    for objective in Objective:
        hedge = fit(objective, quantity_max=20.0, long_only=False)
        assert np.abs(hedge.quantities).max() <= 20.0 * (1 + 1e-9)


def test_scaling_the_position_scales_the_hedge() -> None:
    small = best_hedge(
        LISTED, replace(POSITION, notional=1e3), terms=TERMS, objective=Objective.MINIMAX
    )
    assert fit(Objective.MINIMAX).bounds.worst == pytest.approx(1e3 * small.bounds.worst, rel=1e-4)


def test_an_option_that_expires_later_may_be_bought_but_not_sold() -> None:
    later = offers(years=30 / 365)
    free = replace(TERMS, long_only=False)
    hedge = best_hedge(later, POSITION, terms=free, objective=Objective.MINIMAX)
    assert np.all(hedge.quantities >= 0.0)
    assert hedge.bounds.worst == pytest.approx(fit(Objective.MINIMAX).bounds.worst, rel=1e-5)
    assert hedge.cost > fit(Objective.MINIMAX).cost


def test_of_two_expiries_the_cheaper_one_is_dealt() -> None:
    later = offers(years=30 / 365)
    both = Offers(
        **{
            name: np.concatenate([getattr(LISTED, name), getattr(later, name)])
            for name in ("is_call", "strikes", "years", "bids", "asks")
        }
    )
    hedge = best_hedge(both, POSITION, terms=TERMS, objective=Objective.MINIMAX)
    assert not hedge.quantities[LISTED.asks.size :].any()


def test_options_that_expire_before_the_horizon_hedge_nothing() -> None:
    with pytest.raises(HedgeFitError, match="expires before"):
        best_hedge(offers(years=1 / 365), POSITION, terms=TERMS, objective=Objective.MINIMAX)


@pytest.mark.parametrize(
    "changes",
    [{"low": 0.0}, {"low": 2700.0}, {"high": inf}, {"budget": -1.0}, {"budget": float("nan")}],
)
def test_impossible_terms_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(OptionInputError):
        replace(TERMS, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"bids": LISTED.asks + 1.0},
        {"asks": np.zeros(LISTED.asks.size)},
        {"strikes": LISTED.strikes[1:]},
        {"bids": np.full(LISTED.asks.size, float("nan"))},
    ],
)
def test_impossible_offers_are_refused(changes: dict[str, np.ndarray]) -> None:
    with pytest.raises(OptionInputError):
        replace(LISTED, **changes)
