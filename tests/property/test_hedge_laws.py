"""Laws of the best hedge for drawn chains, positions and terms."""

from __future__ import annotations

from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.core.hedge_fit import HedgeTerms, Objective, best_hedge
from bot.core.offers import Offers
from bot.core.options import black_price
from bot.core.orders import ContractKind
from bot.core.residual import Position, residual

YEARS = 14 / 365


@st.composite
def chains(draw: st.DrawFn) -> Offers:
    """Uneven strikes around 1, a flat volatility with a spread, some options without a bid."""
    strikes = np.array(sorted(draw(st.sets(st.integers(50, 180), min_size=2, max_size=16)))) / 100.0
    is_call = np.repeat([False, True], strikes.size)
    both = np.tile(strikes, 2)
    vol, half = draw(st.floats(0.2, 1.5)), draw(st.floats(0.005, 0.05))

    def at(sigma: float) -> np.ndarray:
        kinds = [ContractKind.CALL if call else ContractKind.PUT for call in is_call]
        return np.array(
            [
                black_price(kind=kind, forward=1.0, strike=k.item(), vol=sigma, years=YEARS)
                for kind, k in zip(kinds, both, strict=True)
            ]
        )

    bids = np.maximum(0.0, at(vol - half) - 1e-4)
    return Offers(
        is_call=is_call, strikes=both, years=np.full(both.size, YEARS),
        bids=np.where(draw(st.booleans()), bids, 0.0), asks=at(vol + half) + 1e-4,
    )  # fmt: skip


@st.composite
def positions(draw: st.DrawFn) -> Position:
    bounds = draw(st.sampled_from([(0.0, inf), (0.8, 1.2), (0.95, 1.1), (1.1, 1.5), (0.5, 0.9)]))
    return Position(
        entry=draw(st.floats(0.9, 1.1)), lower=bounds[0], upper=bounds[1],
        notional=10.0 ** draw(st.integers(-3, 9)),
    )  # fmt: skip


@given(
    offers=chains(), position=positions(), low=st.floats(0.4, 0.95), high=st.floats(1.05, 2.0),
    budget=st.sampled_from([0.0, 1e-4, 1e-3, 1e-2, inf]), long_only=st.booleans(),
    objective=st.sampled_from(list(Objective)), at=st.floats(0.0, 1.0),
)  # fmt: skip
def test_a_hedge_keeps_its_terms_and_its_guarantee(
    offers: Offers, position: Position, low: float, high: float, budget: float,
    long_only: bool, objective: Objective, at: float,
) -> None:  # fmt: skip
    money = position.notional
    terms = HedgeTerms(low=low, high=high, years=YEARS, budget=budget * money, long_only=long_only)
    hedge = best_hedge(offers, position, terms=terms, objective=objective)
    assert hedge.cost <= terms.budget + 1e-6 * money
    assert not (long_only and np.any(hedge.quantities < 0.0))
    final = low + at * (high - low)
    missed = residual(final, legs=hedge.legs, position=position).item()
    assert hedge.bounds.lowest - 1e-9 * money <= missed <= hedge.bounds.highest + 1e-9 * money
    ends = np.concatenate([[0.0, low, high], offers.strikes, [1e4]])
    outside = ends[(ends <= low) | (ends >= high)]
    assert np.all(hedge.legs.payoff(outside) >= -1e-4 * money)
    idle = -position.loss([low, high]).min()
    if objective is Objective.MINIMAX:
        assert hedge.bounds.worst <= idle + 1e-6 * money
    if objective is Objective.SHORTFALL:
        assert -hedge.bounds.lowest <= idle + 1e-6 * money
