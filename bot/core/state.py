"""The whole memory of the bot between two ticks: small, immutable, and a fold of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.advice_memory import NO_ADVICE_MEMORY, AdviceMemory
from bot.core.cash_flows import CashFlow
from bot.core.ledger import LedgerHead
from bot.core.market_memory import NO_MEMORY, NO_WORLD, PoolMemory, WorldMemory
from bot.core.orders import Leg
from bot.core.position import Position
from bot.core.reasons import Status
from bot.core.signals import PoolSignals
from bot.core.sleeves import Monies, Sleeve, opening_money
from bot.core.snapshot import PoolSpec, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Quote atoms that a layer spent or earned at a block time."""

    time_s: int
    atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """What the venue left over of an opening order: ordered again, on its terms, until it lapses.

    hedge_id: the hedge that it opens or adds to. cash_limit_atoms: for these legs whole, see
    `Order`. good_until_s: block time after which nothing more is asked for. target_atoms: the size
    that the exposure called for when it was first ordered, see `Hedge`.
    """

    hedge_id: str
    legs: tuple[Leg, ...]
    cash_limit_atoms: int
    good_until_s: int
    target_atoms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerState:
    """One layer of one pool.

    spends: what it paid; earned: what its hedges brought above their cost once they were closed or
    settled, signed; both within the last 365 days, the span of a budget. struck_atoms: spot when it
    last struck a hedge, quote atoms per whole base token; 0 before the first.
    """

    status: Status = Status.IDLE
    since_s: int = 0
    cooling_until_s: int = 0
    spends: tuple[Spend, ...] = ()
    earned: tuple[Spend, ...] = ()
    struck_atoms: int = 0
    resting: Resting | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """An open hedge, as far as it was filled and not sold again. sleeve: whose money paid.

    cost_atoms: net premium and fees paid for these legs; < 0 when they were a credit.
    margin_atoms: cash set aside for them, >= 0. delta_ppb: delta per unit when it was struck,
    billionths. target_atoms: the size that the exposure called for then, base atoms of a leg, less
    the share that was sold since.
    """

    id: str
    pool: str
    layer: str
    legs: tuple[Leg, ...]
    opened_s: int
    expiry_s: int
    cost_atoms: int
    margin_atoms: int
    delta_ppb: int
    target_atoms: int
    sleeve: Sleeve = Sleeve.CORE


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolBook:
    """Everything kept about one hedged pool.

    claim_base_atoms, claim_quote_atoms: the LP claim as the ledger has it booked.
    layers: layer name -> state.
    memory: flows, cash flows, rates; empty where no rule asks for them. advice: the same of advice.
    hedge_flows: the cash of the core's fills, where a rule asks for `irr_hedged`.
    """

    position: Position
    signals: PoolSignals
    claim_base_atoms: int = 0
    claim_quote_atoms: int = 0
    layers: Mapping[str, LayerState]
    memory: PoolMemory = NO_MEMORY
    advice: AdviceMemory = NO_ADVICE_MEMORY
    hedge_flows: tuple[CashFlow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookState:
    """The fold of all records. `snapshot` is None before the first tick.

    pools: pool name -> its book, hedged pools only, in the order of the specs.
    money: what each sleeve has, apart from the others'.
    world: gas and the watched pools; empty where no rule asks for them.
    """

    specs: tuple[PoolSpec, ...]
    tick: int = 0
    snapshot: Snapshot | None = None
    pools: Mapping[str, PoolBook] = field(default_factory=dict)
    hedges: tuple[Hedge, ...] = ()
    money: Monies = field(default_factory=lambda: opening_money({}, engine_bps=0))
    ledger_head: LedgerHead = field(default_factory=LedgerHead)
    world: WorldMemory = NO_WORLD
