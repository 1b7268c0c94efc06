"""Surfaces out of chain files, fitted when a book is opened: the venue's terms made whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from bot.config.run_config import VenueConfig
from bot.core.surface import Surface
from bot.core.surface_source import SurfaceSource
from bot.core.venue import VenueTerms


def venue_terms(config: VenueConfig, pool_names: Iterable[str]) -> VenueTerms:
    """The configured terms of these pools, surfaces fitted where a chain is named."""
    terms = config.terms(pool_names)
    sources = {name: config.source(name) for name in terms.pools}
    fitted = {
        name: replace(pool, surface=surface_of(source))
        for name, pool in terms.pools.items()
        if (source := sources[name]) is not None
    }
    return replace(terms, pools={**terms.pools, **fitted}) if fitted else terms


@cache  # a run asks twice: to open a book, and whether one that is there has the same terms
def surface_of(source: SurfaceSource) -> Surface:
    """The surface through a chain's file; numpy, scipy and pyarrow load here and only here."""
    from bot.core.errors import MarketDataError, SurfaceFitError
    from bot.core.moving_surface import MovingSurface
    from bot.core.smile import smiles_of
    from bot.core.smile_surface import fit_surface
    from bot.edges.chain_files import read_forward_quotes

    try:
        base = fit_surface(smiles_of(read_forward_quotes(source.file)))
    except SurfaceFitError as error:
        problem = f"from the expiry in {error.operands['days']} days: {error.operands['problem']}"
        raise MarketDataError(source=source.file, problem=problem) from None
    return MovingSurface(base=base, **dict(source.knobs)) if source.moves else base
