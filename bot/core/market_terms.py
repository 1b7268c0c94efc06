"""What the signals on market, value and macro go by. Part of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.core.canonical import Json
from bot.core.macro import MacroEvent, covered_s
from bot.core.units import DAY_S

RANGE_BPS = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTerms:
    """half_life_s: of the moving averages of volume, fees and gas, and until they are known.

    beta_index: name of the watched pool that stands for the market; beta_bars: returns regressed.
    market_premium_bps: what the market must bring a year above the riskless rate.
    debt_share_bps: part of a position that is borrowed.
    range_bps: half-width of the range that `il_range_bps` is of.
    macro_before_s, macro_after_s: the window around a macro event. calendar: ordered events;
    empty where no rule speaks of them. covered_s: what it covers, from and to.
    """

    half_life_s: int = DAY_S
    beta_index: str | None = None
    beta_bars: int = 720
    market_premium_bps: int = 500
    debt_share_bps: int = 0
    range_bps: int = RANGE_BPS
    macro_before_s: int = DAY_S
    macro_after_s: int = 6 * 3_600
    calendar: tuple[MacroEvent, ...] = ()
    covered_s: tuple[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "covered_s", covered_s(self.calendar))

    def to_json(self) -> dict[str, Json]:
        """Return the canonical form; an event is its time and its kind.

        The usual range is left out, so that books from before there was one go on under their hash.
        """
        row = {**asdict(self), "calendar": [[e.time_s, e.kind] for e in self.calendar]}
        del row["covered_s"]
        if self.range_bps == RANGE_BPS:
            del row["range_bps"]
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> MarketTerms:
        """Read what `to_json` wrote."""
        events = tuple(MacroEvent(time_s=time_s, kind=kind) for time_s, kind in row["calendar"])
        return cls(**{**row, "calendar": events})


PLAIN_MARKET = MarketTerms()
"""What holds where a rule file says nothing else."""
