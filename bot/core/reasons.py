"""Reason codes: every decision carries one, 'do nothing' included. Explained in docs/rules.md."""

from __future__ import annotations

from enum import Enum


class Status(Enum):
    """Where a layer stands."""

    IDLE = "idle"  # watches its arm condition
    ARMED = "armed"  # wants a hedge and has none yet
    HOLDING = "holding"  # holds a hedge
    COOLING = "cooling"  # has sold its hedge and waits
    FROZEN = "frozen"  # neither buys nor sells, whether it holds a hedge or not


class Reason(Enum):
    """Why a layer did, or did not do, something on a tick."""

    BELOW_ARM = "BELOW_ARM"  # the arm condition is false
    UNKNOWN_METRIC = "UNKNOWN_METRIC"  # a metric of the condition is not warm yet
    ARM = "ARM"  # the arm condition came true: a hedge is ordered
    RETRY = "RETRY"  # armed earlier, ordered again
    WORKING = "WORKING"  # what the venue left over is ordered again, on the same terms
    LAPSED = "LAPSED"  # what the venue left over is given up: its time is over
    DISARM = "DISARM"  # the disarm condition came true
    IN_BAND = "IN_BAND"  # holds its hedge: disarm is not true
    MIN_HOLD = "MIN_HOLD"  # disarm is true, the minimum hold is not over
    MONETISE = "MONETISE"  # the hedge brings its multiple, or keeps its share of a credit: sold
    STOP_LOSS = "STOP_LOSS"  # the hedge has lost its multiple: sold
    ROLL = "ROLL"  # too close to expiry: sold now, bought anew on the next tick
    ROLL_EARLY = "ROLL_EARLY"  # forward volatility is dearer than what is left: rolled ahead of it
    RESTRIKE = "RESTRIKE"  # its delta has drifted since it was struck: sold, to be struck anew
    STALE = "STALE"  # the size that the exposure calls for has drifted: sold, to be sized anew
    FREEZE = "FREEZE"  # the freeze condition is true: nothing is bought or sold
    FROZEN = "FROZEN"  # still frozen
    THAW = "THAW"  # the freeze is over
    SETTLE = "SETTLE"  # expired: paid by the settlement price
    NO_SETTLEMENT_PRICE = "NO_SETTLEMENT_PRICE"  # expired, the TWAP window was not observed
    MARGIN_CALL = "MARGIN_CALL"  # free cash does not pay for more margin: sold at any price
    COOLDOWN = "COOLDOWN"  # waits after a sale
    COOLED = "COOLED"  # the wait is over
    UNTRUSTED_PRICE = "UNTRUSTED_PRICE"  # the guard doubts the price: nothing is dealt at it
    UNCONFIRMED = "UNCONFIRMED"  # the condition has not held for enough blocks yet
    BUDGET = "BUDGET"  # the premium budget leaves no room for one lot
    CASH = "CASH"  # free cash leaves no room for one lot
    CAP = "CAP"  # the cap on what open hedges tie up leaves no room for one lot
    NOTHING_TO_HEDGE = "NOTHING_TO_HEDGE"  # the wanted size is below one lot
    NOT_LISTED = "NOT_LISTED"  # the venue lists no fitting strikes
    NO_BID = "NO_BID"  # nobody bids for a leg that the hedge would sell
    GATE = "GATE"  # the second engine's gate is closed: nothing is bought, what is held is sold
    DUST = "DUST"  # the pool is drained to dust
    NO_POSITION = "NO_POSITION"  # the owner has no LP tokens
