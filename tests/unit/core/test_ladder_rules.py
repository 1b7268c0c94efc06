"""Freezes, rolls, re-strikes, profits, losses, income and caps, each at work and at rest."""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt
from typing import Any

import pytest

from bot.core.conditions import Comparison
from bot.core.quotes import PoolTerms
from bot.core.rules import Layer, Roll, SizeBy, Take
from bot.core.surface import SurfaceTerms
from tests.builders.ladders import Ladder
from tests.builders.runs import DAY_S, HOUR_S, layer

BY_PRICE: dict[str, Any] = {
    "arm": Comparison(metric="move_bps", below=-1_000.0),
    "disarm": Comparison(metric="move_bps", above=-300.0),
}
CONDOR: dict[str, Any] = {
    "instrument": "iron_condor",
    "offsets_bps": (-3_000, -1_500, 1_500, 3_000),
    "size_by": SizeBy.RISK,
    "hedge_ratio_bps": 100,
    "tenor_s": 14 * DAY_S,
    "arm": Comparison(metric="move_bps", below=-100.0),
    "disarm": Comparison(metric="move_bps", above=5_000.0),
    "funds_budget": True,
}


def numbers(ladder: Ladder, index: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = ladder.last["decisions"][index]["numbers"]
    return found


FREEZING: dict[str, Any] = {
    **BY_PRICE,
    "freeze": Comparison(metric="move_bps", below=-3_000.0),
    "thaw": Comparison(metric="move_bps", above=-2_500.0),
    "cooldown_s": 2 * HOUR_S,
}


def test_a_frozen_layer_neither_buys_nor_sells_and_cools_off_when_it_thaws() -> None:
    ladder = Ladder(layer("one", **FREEZING))
    assert ladder.walk((1, 1_390), (1, 1_450), (1, 1_520), (1, 1_520), (2, 1_520), (1, 1_520)) == [
        "FREEZE", "FROZEN", "THAW", "COOLDOWN", "COOLED", "ARM",
    ]  # fmt: skip


def test_a_hedge_is_kept_through_a_freeze_and_held_again_after_it() -> None:
    """Disarm comes true while frozen: nothing is sold until the thaw."""
    freeze = {**FREEZING, "disarm": Comparison(metric="move_bps", below=-3_200.0)}
    ladder = Ladder(layer("one", **freeze))
    assert ladder.walk((1, 1_790), (1, 1_390), (1, 1_350)) == ["ARM", "FREEZE", "FROZEN"]
    assert (ladder.statuses, ladder.intents) == (["frozen"], [])
    assert ladder.walk((1, 1_520), (1, 1_520)) == ["THAW", "IN_BAND"]
    assert ladder.statuses == ["holding"]


def test_a_freeze_waits_for_no_settlement_and_no_margin_call() -> None:
    ladder = Ladder(layer("one", tenor_s=DAY_S, **FREEZING))
    assert ladder.walk((1, 1_790), (20, 1_390)) == ["ARM", "FREEZE"]
    assert ladder.step(4, 1_390) == ["SETTLE"]


def test_without_a_thaw_of_its_own_a_freeze_ends_when_it_is_false() -> None:
    ladder = Ladder(layer("one", **{**FREEZING, "thaw": None}))
    assert ladder.walk((1, 1_390), (1, 1_450)) == ["FREEZE", "THAW"]


def test_an_unknown_metric_neither_freezes_nor_thaws() -> None:
    never = Comparison(metric="realised_vol", above=0.0)
    assert Ladder(layer("one", **{**BY_PRICE, "freeze": never})).step(1, 1_790) == ["ARM"]
    stuck = Ladder(layer("one", **{**FREEZING, "thaw": never}))
    assert stuck.walk((1, 1_390), (1, 1_990)) == ["FREEZE", "FROZEN"]


CONTANGO = PoolTerms(surface=SurfaceTerms(atm_vol=0.5, atm_vol_long=1.0, decay_days=5.0))
FLAT = PoolTerms(surface=SurfaceTerms(atm_vol=0.5, atm_vol_long=0.5))


def early(**changes: Any) -> Layer:
    roll = Roll(before_expiry_s=6 * HOUR_S, early_s=3 * DAY_S, forward_vol_bps=11_000)
    return layer("one", tenor_s=7 * DAY_S, roll=replace(roll, **changes), **BY_PRICE)


def test_a_hedge_is_rolled_early_into_a_dearer_future_and_late_out_of_a_cheaper_one() -> None:
    """Oracle: forward variance (far^2 * T2 - near^2 * T1) / (T2 - T1) off the surface itself.

    Bought at 09:00 for seven days: on the fourth day less than three are left.
    """
    days = [(24, 1_790)] * 5
    rising, flat = Ladder(early(), terms=CONTANGO), Ladder(early(), terms=FLAT)
    assert rising.step(1, 1_790) == ["ARM"]
    reasons = rising.walk(*days)
    assert reasons == ["IN_BAND", "IN_BAND", "IN_BAND", "ROLL_EARLY", "RETRY"]
    hedge_left_s = 3 * DAY_S - HOUR_S
    near, far = (
        CONTANGO.surface.vol(forward=1, strike=1, years=years, realised_vol=None)
        for years in (hedge_left_s / 31_536_000, (hedge_left_s + 7 * DAY_S) / 31_536_000)
    )
    years = hedge_left_s / 31_536_000, (hedge_left_s + 7 * DAY_S) / 31_536_000
    exact = sqrt((far**2 * years[1] - near**2 * years[0]) / (7 / 365)) / near
    again = Ladder(early(), terms=CONTANGO)
    again.walk((1, 1_790), *days[:4])
    assert int(numbers(again)["forward_vol_bps"]) == pytest.approx(exact * 10_000, rel=1e-3)
    flat.step(1, 1_790)
    assert flat.walk(*days) == ["IN_BAND"] * 5
    assert flat.walk((24, 1_790), (18, 1_790)) == ["IN_BAND", "ROLL"]


def test_an_early_roll_waits_for_a_macd_crossover_when_it_is_to_be_confirmed() -> None:
    ladder = Ladder(early(needs_macd_cross=True), terms=CONTANGO)
    ladder.step(1, 1_790)
    assert ladder.walk(*[(24, 1_790)] * 5) == ["IN_BAND"] * 5
    assert "waits for a MACD crossover" in numbers(ladder)["why"]
    assert numbers(ladder)["macd_cross"] is None


def test_a_hedge_whose_delta_has_drifted_is_struck_anew() -> None:
    """A put 5 % below spot, then 18 % below it: from a delta of about -0.3 to almost none, 0.2."""
    roll = Roll(delta_drift_ppb=200_000_000)
    ladder = Ladder(layer("one", tenor_s=14 * DAY_S, roll=roll, **BY_PRICE))
    assert ladder.step(1, 1_700) == ["ARM"]
    struck = ladder.last["orders"][0]["legs"][0]["contract"]["strike"]
    reasons = ladder.walk((1, 1_650), (1, 1_500), (1, 1_500))
    assert reasons == ["IN_BAND", "RESTRIKE", "RETRY"]
    assert int(ladder.last["orders"][0]["legs"][0]["contract"]["strike"]) < int(struck)
    assert ladder.step(1, 1_500) == ["IN_BAND"]
    assert numbers(ladder)["delta_drift"] < 0.05


def test_a_hedge_of_an_outdated_size_is_struck_anew_and_one_cut_by_the_purse_is_not() -> None:
    """By base the size follows the tokens in the pool, which grow by 2 % and then by 28 %."""
    one = layer("one", tenor_s=14 * DAY_S, roll=Roll(target_drift_bps=500), **BY_PRICE)
    ladder = Ladder(one)
    assert ladder.walk((1, 1_790), (1, 1_750), (1, 1_400), (1, 1_400), (1, 1_400)) == [
        "ARM", "IN_BAND", "STALE", "RETRY", "IN_BAND",
    ]  # fmt: skip
    poor = Ladder(one, cash=500 * 10**6)
    assert poor.walk((1, 1_790), (1, 1_790), (1, 1_790)) == ["ARM", "IN_BAND", "IN_BAND"]
    assert numbers(poor)["target_drift_bps"] == "0"


def test_a_condor_is_bought_back_when_it_keeps_its_share_of_the_credit() -> None:
    ladder = Ladder(layer("one", take=Take(credit_share_bps=6_000), **CONDOR))
    assert ladder.step(1, 1_970) == ["ARM"]
    (hedge,) = ladder.last["book"]["hedges"]
    assert int(hedge["cost"]) < 0
    assert int(hedge["margin"]) > 0
    days = [(24, 1_970)] * 12
    reasons = ladder.walk(*days)
    assert "MONETISE" in reasons
    assert set(reasons[: reasons.index("MONETISE")]) == {"IN_BAND"}


def test_a_condor_that_loses_its_multiple_is_stopped() -> None:
    ladder = Ladder(layer("one", take=Take(stop_bps=10_000), **CONDOR))
    assert ladder.walk((1, 1_970), (1, 1_900), (1, 1_400)) == ["ARM", "IN_BAND", "STOP_LOSS"]
    assert int(numbers(ladder)["lost_bps"]) >= 10_000


def test_what_a_condor_has_earned_pays_for_a_put_beyond_its_budget_and_no_more() -> None:
    """The put's own budget is a hundredth of a per cent, 133 dollars."""
    put = layer("put", **{**BY_PRICE, "premium_budget_bps_per_year": 1})
    condor = layer("condor", take=Take(credit_share_bps=6_000), **CONDOR)

    def spent(income_share_bps: int) -> tuple[int, int]:
        ladder = Ladder(put, condor, income_share_bps=income_share_bps)
        ladder.step(1, 1_970)
        for _ in range(12):
            if ladder.step(24, 1_970)[1] == "MONETISE":
                break
        book = ladder.runner.book
        assert book is not None
        earned = sum(one.atoms for one in book.state.pools["WETH-USDC"].layers["condor"].earned)
        ladder.step(1, 1_790)
        put_fill = ladder.last["fills"][0]
        return earned, int(put_fill["fee"]) - int(put_fill["cash"])

    earned, alone = spent(0)
    assert earned > 100 * 10**6
    assert 100 * 10**6 < alone <= 134 * 10**6
    _, helped = spent(5_000)
    assert alone + earned // 2 - 20 * 10**6 < helped <= 134 * 10**6 + earned // 2


def test_the_cap_bounds_what_open_hedges_tie_up() -> None:
    """Five basis points of 1.33 million dollars are 667: premium and margin of all layers."""
    one, two = layer("a", **BY_PRICE), layer("b", **CONDOR)
    free, capped = Ladder(one, two), Ladder(one, two, exposure_cap_bps=5)
    free.step(1, 1_790)
    capped.step(1, 1_790)

    def tied(ladder: Ladder) -> int:
        return sum(
            max(0, int(hedge["cost"])) + int(hedge["margin"])
            for hedge in ladder.last["book"]["hedges"]
        )

    assert tied(free) > 2 * 667 * 10**6
    assert 500 * 10**6 < tied(capped) <= 667 * 10**6
    assert capped.last["decisions"][1]["reason"] == "CAP"


def test_a_layer_knows_how_far_the_price_is_from_its_last_strike() -> None:
    """Oracle: ln(1,700 / 1,790) over 18.6 %, the calm month; before that, since entry."""
    one = layer(
        "one",
        arm=Comparison(metric="move_sigma_restrike", below=-0.5),
        disarm=Comparison(metric="move_sigma_restrike_abs", above=3.0),
    )
    ladder = Ladder(one)
    assert ladder.walk((1, 1_900), (1, 1_790), (1, 1_700)) == ["BELOW_ARM", "ARM", "IN_BAND"]
    sigma = 0.65 * sqrt(30 / 365)
    assert numbers(ladder)["move_sigma_restrike_abs"] == pytest.approx(
        abs(log(1_700 / 1_790)) / sigma, abs=2e-4
    )
