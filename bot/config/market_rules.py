"""What a rule file says of market, value and macro, read into the core's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.config.calendar_file import SHIPPED_CALENDAR, read_calendar
from bot.config.places import Place
from bot.core.advice_terms import Kind
from bot.core.macro import MacroEvent
from bot.core.market_metrics import MACRO, ON_BETA
from bot.core.market_terms import MarketTerms
from bot.core.rules import Rules


def with_market(rules: Rules, strategy: Mapping[str, Any], place: Place) -> Rules:
    """The rules with these terms, not sealed yet. place: of [strategy]; takes what is wrong."""
    if strategy["beta_index"] is None and (spoken_of := rules.metric_names & ON_BETA):
        remedy = 'name a watched pool, like "WETH-USDC"'
        if rules.advice is not None and Kind.RESIZE in rules.advice.kinds:
            remedy += ', or leave "resize" out of advice.kinds'
        place.child("beta_index").report(f"is missing, and {min(spoken_of)} needs it", remedy)
    terms = MarketTerms(
        half_life_s=strategy["market_half_life_hours"],
        beta_index=strategy["beta_index"],
        beta_bars=strategy["beta_bars"],
        market_premium_bps=strategy["market_premium_bps"],
        debt_share_bps=strategy["debt_share_bps"],
        range_bps=strategy["range_bps"],
        macro_before_s=strategy["macro_hours_before"],
        macro_after_s=strategy["macro_hours_after"],
        calendar=_calendar(strategy["calendar"], rules, place.child("calendar")),
    )
    return replace(rules, market=terms)


def _calendar(named: str | None, rules: Rules, place: Place) -> tuple[MacroEvent, ...]:
    """The events, where a rule speaks of them; a calendar that is named is checked in any case."""
    asked = bool(rules.metric_names & MACRO)
    if named is None:
        return read_calendar(SHIPPED_CALENDAR, place) if asked else ()
    events = read_calendar(place.source.folder / Path(named).expanduser(), place)
    return events if asked else ()
