"""Rules and venue terms as plain JSON and back, without loss: the terms a book is opened on.

They stand in the journal's first row, so that a replay of a journal needs no other file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from bot.core.advice_terms import AdviceTerms
from bot.core.bar_terms import BarTerms
from bot.core.canonical import Json, digest
from bot.core.conditions import AllOf, AnyOf, Comparison, Condition, NotOf
from bot.core.depth import DepthTerms
from bot.core.errors import VenueTermsError
from bot.core.fees import FeeTerms
from bot.core.guard import Guard
from bot.core.listing import ListingTerms
from bot.core.margin import MarginTerms
from bot.core.market_terms import MarketTerms
from bot.core.quotes import PoolTerms, SpreadTerms
from bot.core.rules import Engine, Layer, Roll, Rules, SizeBy, Take
from bot.core.sleeves import Sleeve
from bot.core.surface import Surface, SurfaceTerms
from bot.core.venue import VenueTerms
from bot.core.vol_terms import VolTerms


def rules_to_json(rules: Rules) -> dict[str, Json]:
    """A whole strategy, its hash included."""
    return {
        "name": rules.name,
        "hash": rules.hash,
        "horizon_s": rules.horizon_s,
        "vol_half_life_s": rules.vol_half_life_s,
        "vol_sample_s": rules.vol_sample_s,
        "vol_samples_min": rules.vol_samples_min,
        "twap_window_s": rules.twap_window_s,
        "dust_quote_micro": rules.dust_quote_micro,
        "total_budget_bps_per_year": rules.total_budget_bps_per_year,
        "income_share_bps": rules.income_share_bps,
        "exposure_cap_bps": rules.exposure_cap_bps,
        "bars": asdict(rules.bars),
        "market": rules.market.to_json(),
        "engine": None if rules.engine is None else rules.engine.to_json(),
        "layers": [_layer_to_json(layer) for layer in rules.layers],
        "guard": asdict(rules.guard),
        **({} if rules.advice is None else {"advice": rules.advice.to_json()}),
    }


def rules_from_json(row: Mapping[str, Any]) -> Rules:
    """Read what `rules_to_json` wrote; the hash is the one that was recorded."""
    return Rules(
        **{
            **row,
            "bars": BarTerms(**row["bars"]),
            "market": MarketTerms.from_json(row["market"]),
            "engine": None if row["engine"] is None else Engine(**row["engine"]),
            "layers": tuple(_layer_from_json(layer) for layer in row["layers"]),
            "guard": Guard(**row["guard"]),
            "advice": AdviceTerms.from_json(row["advice"]) if "advice" in row else None,
        }
    )


def sealed(rules: Rules) -> Rules:
    """The rules under the digest of their content.

    Comments, order of keys and spelling of a number do not count; a default written out is none.
    """
    content = rules_to_json(rules)
    del content["hash"]
    return replace(rules, hash=digest("rules", content))


def condition_to_json(condition: Condition) -> dict[str, Json]:
    """A condition as rule files write it."""
    if isinstance(condition, Comparison):
        bounds = {"above": condition.above, "below": condition.below}
        return {"metric": condition.metric, **{k: v for k, v in bounds.items() if v is not None}}
    if isinstance(condition, NotOf):
        return {"not": condition_to_json(condition.part)}
    word = "all" if isinstance(condition, AllOf) else "any"
    return {word: [condition_to_json(part) for part in condition.parts]}


def condition_from_json(row: Mapping[str, Any]) -> Condition:
    """Read what `condition_to_json` wrote."""
    if "not" in row:
        return NotOf(part=condition_from_json(row["not"]))
    if "all" in row:
        return AllOf(parts=tuple(condition_from_json(part) for part in row["all"]))
    if "any" in row:
        return AnyOf(parts=tuple(condition_from_json(part) for part in row["any"]))
    return Comparison(**row)


def venue_to_json(terms: VenueTerms) -> dict[str, Json]:
    """Everything the paper venue goes by."""
    return {
        "pools": {name: _pool_to_json(pool) for name, pool in terms.pools.items()},
        "fees": asdict(terms.fees),
        "margin": asdict(terms.margin),
    }


def venue_from_json(row: Mapping[str, Any]) -> VenueTerms:
    """Read what `venue_to_json` wrote."""
    return VenueTerms(
        pools={name: _pool_from_json(pool) for name, pool in row["pools"].items()},
        fees=FeeTerms(**row["fees"]),
        margin=MarginTerms(**row["margin"]),
    )


def _layer_to_json(layer: Layer) -> dict[str, Json]:
    return {
        "name": layer.name,
        "instrument": layer.instrument,
        "offsets_bps": list(layer.offsets_bps),
        "arm": condition_to_json(layer.arm),
        "disarm": condition_to_json(layer.disarm),
        "hedge_ratio_bps": layer.hedge_ratio_bps,
        "size_by": layer.size_by.value,
        "stress_bps": list(layer.stress_bps),
        "offsets_milli_sigma": list(layer.offsets_milli_sigma),
        "stress_milli_sigma": list(layer.stress_milli_sigma),
        "tenor_s": layer.tenor_s,
        "premium_budget_bps_per_year": layer.premium_budget_bps_per_year,
        "cooldown_s": layer.cooldown_s,
        "hold_s_min": layer.hold_s_min,
        "roll": asdict(layer.roll),
        "take": asdict(layer.take),
        "freeze": _maybe_to_json(layer.freeze),
        "thaw": _maybe_to_json(layer.thaw),
        "funds_budget": layer.funds_budget,
        "sleeve": layer.sleeve.value,
        "slippage_bps_max": layer.slippage_bps_max,
        "slippage_by_breadth": layer.slippage_by_breadth,
        "order_good_s": layer.order_good_s,
    }


def _layer_from_json(row: Mapping[str, Any]) -> Layer:
    return Layer(
        **{
            **row,
            "offsets_bps": tuple(row["offsets_bps"]),
            "arm": condition_from_json(row["arm"]),
            "disarm": condition_from_json(row["disarm"]),
            "size_by": SizeBy(row["size_by"]),
            "sleeve": Sleeve(row["sleeve"]),
            "stress_bps": tuple(row["stress_bps"]),
            "offsets_milli_sigma": tuple(row["offsets_milli_sigma"]),
            "stress_milli_sigma": tuple(row["stress_milli_sigma"]),
            "roll": Roll(**row["roll"]),
            "take": Take(**row["take"]),
            "freeze": _maybe_from_json(row["freeze"]),
            "thaw": _maybe_from_json(row["thaw"]),
        }
    )


def _maybe_to_json(condition: Condition | None) -> Json:
    return None if condition is None else condition_to_json(condition)


def _maybe_from_json(row: Mapping[str, Any] | None) -> Condition | None:
    return None if row is None else condition_from_json(row)


def _pool_to_json(terms: PoolTerms) -> dict[str, Json]:
    return {
        "surface": _surface_to_json(terms.surface),
        "spread": asdict(terms.spread),
        "depth": asdict(terms.depth),
        "listing": asdict(terms.listing),
        "vol": asdict(terms.vol),
        "quantity_max_base": terms.quantity_max_base,
    }


def _pool_from_json(row: Mapping[str, Any]) -> PoolTerms:
    return PoolTerms(
        surface=_surface_from_json(row["surface"]),
        spread=SpreadTerms(**row["spread"]),
        depth=DepthTerms(**row["depth"]),
        listing=ListingTerms(**row["listing"]),
        vol=VolTerms(**row["vol"]),
        quantity_max_base=row["quantity_max_base"],
    )


def _surface_to_json(surface: Surface) -> dict[str, Json]:
    if isinstance(surface, SurfaceTerms):
        return asdict(surface)
    from bot.core.moving_surface import MovingSurface  # numpy, only for books that use it
    from bot.core.smile_surface import SmileSurface

    if isinstance(surface, MovingSurface):
        knobs = {k.name: getattr(surface, k.name) for k in fields(surface) if k.init}
        return {**knobs, "base": _surface_to_json(surface.base)}
    if not isinstance(surface, SmileSurface):
        raise VenueTermsError(
            name="surface", value=surface, problem="it cannot be written to a journal"
        )
    slices: list[Json] = [asdict(one) for one in surface.slices]
    return {"calm_vol": surface.calm_vol, "slices": slices}


def _surface_from_json(row: Mapping[str, Any]) -> Surface:
    """A surface by its parameters, by its slices, or one that moves: which, its keys tell."""
    if not row.keys() & {"slices", "base"}:
        return SurfaceTerms(**row)
    from bot.core.moving_surface import MovingSurface
    from bot.core.smile_surface import SmileSurface
    from bot.core.svi import Slice

    if "base" in row:
        base = _surface_from_json(row["base"])
        if not isinstance(base, SmileSurface):
            raise VenueTermsError(name="base", value=base, problem="it must be made of slices")
        return MovingSurface(**{**row, "base": base})
    return SmileSurface(
        calm_vol=row["calm_vol"], slices=tuple(Slice(**one) for one in row["slices"])
    )
