"""What a run goes by, once it has been validated: frozen values, no environment, no files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from bot.config.places import nearest
from bot.config.secret import Secret
from bot.core.errors import ConfigError
from bot.core.fees import FeeTerms
from bot.core.margin import MarginTerms
from bot.core.quotes import PoolTerms
from bot.core.rules import Rules
from bot.core.surface_source import SurfaceSource
from bot.core.venue import VenueTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainConfig:
    """The node. chain_id None: any. block_age_s_max None: no block is stale. lens, engine_gate:
    addresses of contracts of ours, None where there are none; see docs."""

    rpc_url: Secret
    chain_id: int | None
    timeout_s: float
    block_age_s_max: int | None
    poll_ms: int
    lens: str | None
    engine_gate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """One watched pair. base: symbol or address of its base token; None to let it be chosen."""

    address: str
    base: str | None
    hedged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionConfig:
    """Whose LP tokens, in which pools. since_block None: the position opens as it stands."""

    owner: str
    pools: tuple[PoolConfig, ...]
    since_block: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerConfig:
    """When to tick. every_s None: each new block. ticks_skipped_max None: never give up."""

    every_s: float | None
    heartbeat_s: float
    misfire_grace_s: int
    ticks_skipped_max: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedsConfig:
    """A file of facts that no pool holds. file None: there is none."""

    file: Path | None
    age_s_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueConfig:
    """The paper venue's terms: for every pool, and otherwise for those named in `pools`.

    file: who named them, for errors. default_source, sources: chains to fit surfaces to.
    """

    file: str
    default: PoolTerms
    pools: Mapping[str, PoolTerms]
    fees: FeeTerms
    margin: MarginTerms
    default_source: SurfaceSource | None = None
    sources: Mapping[str, SurfaceSource | None] = field(default_factory=dict)

    def source(self, pool_name: str) -> SurfaceSource | None:
        """The chain whose fitted surface replaces that of the terms; None for the terms' own."""
        return self.sources.get(pool_name, self.default_source)

    def terms(self, pool_names: Iterable[str]) -> VenueTerms:
        """Terms for these pools; one configured but not watched is refused by name."""
        watched = list(pool_names)
        for name in self.pools:
            if name not in watched:
                raise ConfigError(
                    file=self.file,
                    key=f"venue.pools.{name}",
                    problem="is the name of no watched pool",
                    remedy=nearest(name, watched),
                )
        return VenueTerms(
            pools={name: self.pools.get(name, self.default) for name in watched},
            fees=self.fees,
            margin=self.margin,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """A whole run. capital: paper cash at the start, whole tokens by quote symbol."""

    chain: ChainConfig
    position: PositionConfig
    capital: Mapping[str, Decimal]
    rules: Rules
    rules_file: Path
    scheduler: SchedulerConfig
    feeds: FeedsConfig
    book: Path
    venue: VenueConfig
