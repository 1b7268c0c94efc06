"""Everything the paper venue goes by, and its spelling in the journal, so that a replay quotes
as the recorded run did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.core.canonical import Json
from bot.core.errors import VenueTermsError
from bot.core.fees import FeeTerms
from bot.core.listing import ListingTerms
from bot.core.margin import MarginTerms
from bot.core.quotes import PoolTerms, SpreadTerms
from bot.core.surface import SurfaceTerms

SURFACES: Mapping[str, type[SurfaceTerms]] = {"parametric": SurfaceTerms}
"""Name in the journal -> kind of surface; another kind is another entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueTerms:
    """pools: terms by pool name; others are not quoted. fees, margin: the same for all."""

    pools: Mapping[str, PoolTerms]
    fees: FeeTerms = field(default_factory=FeeTerms)
    margin: MarginTerms = field(default_factory=MarginTerms)


def terms_to_json(terms: VenueTerms) -> dict[str, Json]:
    """Return the canonical form for the journal."""
    return {
        "pools": {name: _pool_to_json(pool) for name, pool in terms.pools.items()},
        "fees": asdict(terms.fees),
        "margin": asdict(terms.margin),
    }


def terms_from_json(row: Mapping[str, Any]) -> VenueTerms:
    """Read what `terms_to_json` wrote."""
    return VenueTerms(
        pools={name: _pool_from_json(pool) for name, pool in row["pools"].items()},
        fees=FeeTerms(**row["fees"]),
        margin=MarginTerms(**row["margin"]),
    )


def _pool_to_json(pool: PoolTerms) -> dict[str, Json]:
    for kind, surface_class in SURFACES.items():
        if isinstance(pool.surface, surface_class):
            return {
                "surface": {"kind": kind, **asdict(pool.surface)},
                "spread": asdict(pool.spread),
                "listing": asdict(pool.listing),
                "quantity_max_base": pool.quantity_max_base,
            }
    raise VenueTermsError(
        name="surface", value=type(pool.surface).__name__, problem="the journal cannot spell it"
    )


def _pool_from_json(row: Mapping[str, Any]) -> PoolTerms:
    surface = dict(row["surface"])
    return PoolTerms(
        surface=SURFACES[surface.pop("kind")](**surface),
        spread=SpreadTerms(**row["spread"]),
        listing=ListingTerms(**row["listing"]),
        quantity_max_base=row["quantity_max_base"],
    )
