"""The [venue] table as the core's terms: a preset, then the knobs that are turned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.config.places import INVALID, Place
from bot.config.run_config import VenueConfig
from bot.core.errors import VenueTermsError
from bot.core.fees import FeeTerms
from bot.core.margin import MarginTerms
from bot.core.quotes import CORRELATED_POOL, MAJOR_POOL, VOL_TOKEN_POOL, PoolTerms
from bot.core.surface_source import SurfaceSource

PRESETS = {"major": MAJOR_POOL, "correlated": CORRELATED_POOL, "vol_token": VOL_TOKEN_POOL}
DEFAULT = PoolTerms()


def venue_config(values: Mapping[str, Any], place: Place) -> VenueConfig | None:
    """The venue's terms; None when a knob is reported as out of its range."""
    default = pool_terms(DEFAULT, values.get("default", {}), place.child("default"))
    source = surface_source(None, values.get("default", {}), place.child("default"))
    sources = {
        name: surface_source(
            None if source is INVALID else source, own, place.child("pools").child(name)
        )
        for name, own in values.get("pools", {}).items()
    }
    pools = {
        name: pool_terms(
            DEFAULT if default is INVALID else default, own, place.child("pools").child(name)
        )
        for name, own in values.get("pools", {}).items()
    }
    fees = _turned(FeeTerms(), values.get("fees", {}), place.child("fees"))
    margin = _turned(MarginTerms(), values.get("margin", {}), place.child("margin"))
    if INVALID in (default, fees, margin, source, *pools.values(), *sources.values()):
        return None
    return VenueConfig(
        file=place.source.name,
        default=default,
        pools=pools,
        fees=fees,
        margin=margin,
        default_source=source,
        sources=sources,
    )


def surface_source(start: SurfaceSource | None, values: Mapping[str, Any], place: Place) -> Any:
    """The chain to fit, from another's and the keys said; None for none, INVALID with a report."""
    said = [name for name, value in values.get("moving", {}).items() if value is not None]
    knobs = values.get("surface", {}).items()
    by_terms = [f"surface.{name}" for name, knob in knobs if knob is not None]
    if values.get("preset"):
        by_terms.insert(0, "preset")
    chain = values.get("chain")
    if chain is not None and by_terms:
        place.child("chain").report(f"and {by_terms[0]} say two surfaces", "leave one of them out")
        return INVALID
    if chain is None and (start is None or by_terms):
        if said:
            place.child("moving").child(said[0]).report(
                "moves only a surface fitted to a chain", 'add chain = "FILE" beside [moving]'
            )
            return INVALID
        return None
    if chain is not None:
        named = place.child("chain")
        file = named.source.folder / Path(chain).expanduser()
        if not file.is_file():
            return named.misfit(chain, "is no file", "check the path of the option chain")
        start = SurfaceSource(file=str(file))
    assert start is not None, "a chain was named here or in the default"
    moving = {name: values["moving"][name] for name in said}
    moves = moving.pop("on", start.moves)
    turned = {name: float(value) for name, value in moving.items()}
    return replace(start, moves=moves, knobs=tuple(sorted({**dict(start.knobs), **turned}.items())))


def pool_terms(start: PoolTerms, values: Mapping[str, Any], place: Place) -> Any:
    """A pool's terms from others and the knobs turned; INVALID with a report."""
    if values.get("preset"):
        preset = PRESETS[values["preset"]]
        listing = replace(
            start.listing,
            strike_step_bps=preset.listing.strike_step_bps,
            price_tick_ppm=preset.listing.price_tick_ppm,
        )
        vol = replace(
            start.vol,
            strike_step_milli=preset.vol.strike_step_milli,
            price_tick_milli=preset.vol.price_tick_milli,
        )
        # Only a preset with a spread of its own changes that which the default was given.
        spread = start.spread if preset.spread == DEFAULT.spread else preset.spread
        start = replace(start, surface=preset.surface, listing=listing, vol=vol, spread=spread)
    parts = {
        name: _turned(getattr(start, name), values.get(name, {}), place.child(name))
        for name in ("surface", "spread", "depth", "listing", "vol")
    }
    if INVALID in parts.values():
        return INVALID
    if values.get("quantity_max_base") is not None:
        parts["quantity_max_base"] = values["quantity_max_base"]
    return replace(start, **parts)


def _turned(start: Any, knobs: Mapping[str, Any], place: Place) -> Any:
    """A record of terms with some knobs turned; INVALID, reported, when it refuses them."""
    turned = {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in knobs.items()
        if value is not None
    }
    try:
        return replace(start, **turned)
    except VenueTermsError as error:
        name = str(error.operands["name"])
        place.child(name).misfit(
            error.operands["value"],
            f"is refused: {error.operands['problem']}",
            "see docs/assumptions.md for its range",
        )
        return INVALID
