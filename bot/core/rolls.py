"""Whether an open hedge should be sold and bought anew: too old, too early, or drifted.

Why so: docs/adr/0019-rolls-drifts-income.md.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.case import Case, Numbers
from bot.core.errors import NotListedError
from bot.core.legs import largest_atoms
from bot.core.order_forms import buy, delta_ppb
from bot.core.reasons import Reason
from bot.core.sizing import Purse, wanted_legs
from bot.core.state import Hedge
from bot.core.units import BPS, YEAR_S


def roll_reason(case: Case, hedge: Hedge) -> tuple[Reason | None, Numbers]:
    """Why to roll now, None for not yet, and the numbers behind the answer."""
    roll, left_s = case.layer.roll, hedge.expiry_s - case.time_s
    if left_s <= roll.before_expiry_s:
        return Reason.ROLL, {"left_s": str(left_s)}
    numbers: Numbers = {}
    found: Reason | None = None
    if roll.forward_vol_bps is not None and left_s <= roll.early_s:
        ratio = forward_vol_bps(case, left_s=left_s)
        numbers["forward_vol_bps"] = None if ratio is None else str(ratio)
        if ratio is not None and ratio >= roll.forward_vol_bps:
            found = Reason.ROLL_EARLY
    if found is None and roll.delta_drift_ppb is not None:
        drift = abs(delta_ppb(case, hedge.legs) - hedge.delta_ppb)
        numbers["delta_drift"] = round(drift / 1e9, 6)
        if drift > roll.delta_drift_ppb:
            found = Reason.RESTRIKE
    if found is None and roll.target_drift_bps is not None:
        drift_bps = target_drift_bps(case, hedge)
        numbers["target_drift_bps"] = str(drift_bps)
        if drift_bps > roll.target_drift_bps:
            found = Reason.STALE
    if found is not None and roll.needs_macd_cross:
        numbers["macd_cross"] = case.metrics["macd_cross"]
        if not numbers["macd_cross"]:
            numbers["why"] = f"{found.value} waits for a MACD crossover"
            found = None
    if found is not None and (lack := what_lacks(case, hedge)) is not None:
        numbers["why"] = f"{found.value} waits: {lack}"
        found = None
    return found, numbers


def what_lacks(case: Case, hedge: Hedge) -> str | None:
    """Why the hedge, once sold, could not be bought anew; None where it could, or need not be.

    What is called for, but no more than what is held, must be listed, bid for and within the purse,
    to which the sale gives its proceeds back, and its room under the cap.
    """
    assert case.worth is not None, "a hedge that is to be rolled has a price"
    purse, freed = case.purse, max(0, hedge.cost_atoms) + hedge.margin_atoms
    proceeds = case.worth + hedge.margin_atoms
    left = Purse(
        budget_atoms=purse.budget_atoms,
        cash_atoms=purse.cash_atoms + proceeds,
        cap_atoms=None if purse.cap_atoms is None else purse.cap_atoms + freed,
        given_atoms=purse.given_atoms,
    )
    again = buy(replace(case, purse_now=lambda: left), Reason.RETRY)
    if again.reason is Reason.NOTHING_TO_HEDGE:
        return None
    if again.order is None:
        return f"none could be bought anew, {again.reason.value}"
    bought, held = largest_atoms(again.order.legs), largest_atoms(hedge.legs)
    needed = min(again.order.target_atoms, held)
    return None if bought >= needed else f"only {bought} of {needed} could be bought anew"


def forward_vol_bps(case: Case, *, left_s: int) -> int | None:
    """Forward volatility over the layer's tenor after expiry, over implied volatility until it.

    From the venue's term structure at the money; None where it falls so steeply that the variance
    after expiry would be negative. Above 10,000 the time after the hedge is dearer than the time
    that it covers: stress is expected behind its end. Source: docs/maths.md section 5.7.
    """
    market, tenor_s = case.view.market, case.layer.tenor_s
    near = case.quoting.atm_vol(market, tenor_s=left_s)
    far = case.quoting.atm_vol(market, tenor_s=left_s + tenor_s)
    near_years, far_years = left_s / YEAR_S, (left_s + tenor_s) / YEAR_S
    variance = (far * far * far_years - near * near * near_years) / (far_years - near_years)
    if variance < 0.0:
        return None
    return int(BPS * variance**0.5 / near)


def target_drift_bps(case: Case, hedge: Hedge) -> int:
    """How far the size that the exposure calls for has moved since the hedge was struck.

    Measured against the size wanted then, not the size had: what the purse or the book cut off is
    no drift, so that a hedge is not struck anew for being small.
    """
    assert case.view.exposure is not None, "callers have checked the position"
    try:
        legs = wanted_legs(
            case.layer,
            case.view.exposure,
            case.book.position.lots,
            case.view.market,
            case.quoting,
            given_atoms=case.purse.given_atoms,
        )
    except NotListedError:
        return 0
    return abs(largest_atoms(legs) - hedge.target_atoms) * BPS // max(1, hedge.target_atoms)
