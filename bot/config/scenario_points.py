"""Lists of [day, value] in a scenario file: prices, turnover, fed facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bot.config.keys import Number, Whole
from bot.config.places import INVALID, Place
from bot.core.units import BPS

DAYS_MAX = "3650"
PRICE = Number(lowest="0", highest="1e30", above=True)
DAY = Number(lowest="0", highest=DAYS_MAX)
TURNOVER = Whole(lowest=0, highest=100 * BPS)
FEED_DIGITS = re.compile(r"-?[0-9]{1,60}")


@dataclass(frozen=True, slots=True)
class KnotOf:
    """[day, price]."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, list) or len(value) != 2:
            return place.misfit(value, "is no knot", "write [DAY, PRICE]")
        day, price = DAY.read(value[0], place), PRICE.read(value[1], place)
        return INVALID if INVALID in (day, price) else (day, price)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        return {"type": "array", "prefixItems": [DAY.schema(), PRICE.schema()], "items": False}


@dataclass(frozen=True, slots=True)
class TurnoverOf:
    """Bps a day, or [[day, bps], ...]; read as the latter."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, list):
            bps = TURNOVER.read(value, place)
            return INVALID if bps is INVALID else ((Decimal(0), bps),)
        if not value:
            return place.misfit(value, "tells nothing", "write [[0, BPS], [DAY, BPS]]")
        rows = [self._row(row, place.item(at)) for at, row in enumerate(value, start=1)]
        return INVALID if INVALID in rows else tuple(rows)

    def _row(self, row: Any, place: Place) -> Any:
        if not isinstance(row, list) or len(row) != 2:
            return place.misfit(row, "is no point", "write [DAY, BPS]")
        day, bps = DAY.read(row[0], place), TURNOVER.read(row[1], place)
        return INVALID if INVALID in (day, bps) else (day, bps)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        row = {"type": "array", "prefixItems": [DAY.schema(), TURNOVER.schema()], "items": False}
        return {"anyOf": [TURNOVER.schema(), {"type": "array", "items": row, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class PointOf:
    """[DAY, VALUE]: a day of the scenario and a whole number, as a text where it is long."""

    def read(self, value: Any, place: Place) -> Any:
        """See `Kind.read`."""
        if not isinstance(value, list) or len(value) != 2:
            return place.misfit(value, "is no point", "write [DAY, VALUE]")
        day, text = DAY.read(value[0], place), value[1]
        if isinstance(text, str) and FEED_DIGITS.fullmatch(text):
            text = int(text)
        if isinstance(text, bool) or not isinstance(text, int):
            return place.misfit(text, "is no whole number", 'write 20 or "20"')
        return INVALID if day is INVALID else (day, text)

    def schema(self) -> dict[str, Any]:
        """See `Kind.schema`."""
        text = {"type": "string", "pattern": f"^{FEED_DIGITS.pattern}$"}
        whole = {"anyOf": [{"type": "integer"}, text]}
        return {"type": "array", "prefixItems": [DAY.schema(), whole], "items": False}
