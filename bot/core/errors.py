"""Every error of layerhedge, sorted by what the operator must do.

BotError
  + RetryLater   the tick is skipped and counted, the next one tries again
  |   RpcUnreachableError, RpcTimeoutError, StaleBlockError, NoNewBlockError, FeedUnreadableError
  + RefuseTick   no orders, the reading goes on, the reason is shown
  |   ReorgDetectedError, ChainRestartedError, ClockBackwardsError
  + StopBot      exit with the error's own code; a human decides
      UsageError, ConfigError, ...

An error carries its operands, its text shows their numbers in one line, and its advice says what
to do. Exit codes are listed with causes and cures in docs/errors.md.
"""

from __future__ import annotations

from typing import ClassVar


class BotError(Exception):
    """Root of the tree. `template` is filled from the operands; `advice` is what to do."""

    exit_code: ClassVar[int] = 1
    template: ClassVar[str] = "layerhedge failed"
    advice: ClassVar[str] = ""

    def __init__(self, **operands: object) -> None:
        self.operands = operands
        super().__init__(self.template.format(**operands))

    @property
    def line(self) -> str:
        """What happened and what to do, in one line."""
        text = str(self).replace("\n", " ")
        return f"{text}; {self.advice.format(**self.operands)}" if self.advice else text


class RetryLater(BotError):
    """Skip this tick, count it, back off."""

    exit_code = 20


class RefuseTick(BotError):
    """Take no orders on this tick, keep reading."""

    exit_code = 30


class StopBot(BotError):
    """Stop with the error's exit code; nothing is lost, a human decides."""

    exit_code = 40


# -- numbers ----------------------------------------------------------------------------------


class AmountError(StopBot):
    """An amount cannot be written in atoms of its token."""

    exit_code = 41
    template = "amount {amount} is not a whole number of atoms at {decimals} decimals"
    advice = "write it with at most {decimals} decimal places"


# -- what an AMM refuses ------------------------------------------------------------------------


class AmmRefusal(StopBot):
    """The pool maths has no figure for this; the operands say why."""

    exit_code = 42
    template = "the pool refuses: {reason}"
    advice = "check the amounts and the reserves named"


class EmptyPoolError(RefuseTick):
    """A pool without reserves has no price."""

    exit_code = 31
    template = "pool {pool} has reserves {reserve0} and {reserve1}: it has no price"
    advice = "wait until it is funded, or take it out of the list of pools"


class LotAmountError(StopBot):
    """A lot without LP tokens, or one that cost less than nothing."""

    exit_code = 53
    template = "a lot of {lp} LP atoms for {base} base and {quote} quote atoms is impossible"
    advice = "this is a fault of the events read: check the node and report it"


class LpShortError(StopBot):
    """More LP tokens left the position than its lots hold."""

    exit_code = 52
    template = "pool {pool}: {wanted} LP atoms left a position that holds {held}"
    advice = "events before the book's first block are missing; start a new book with --book"


class PositionMismatchError(RefuseTick):
    """The LP balance on the chain is not what the events add up to."""

    exit_code = 36
    template = "pool {pool}: {balance} LP atoms on the chain, {held} in the position's lots"
    advice = "the node dropped an event; no hedge is sized until both agree"


class ObservationsMissingError(RefuseTick):
    """The price was not observed over the whole of a TWAP window."""

    exit_code = 37
    template = "TWAP from {start_s} to {end_s} lies outside the prices seen, {first_s} to {last_s}"
    advice = "keep the bot running through the window; settlement waits for a price"


# -- configuration and use ----------------------------------------------------------------------


class UsageError(StopBot):
    """The command line asks for something that does not exist."""

    exit_code = 2
    template = "{problem}"
    advice = "see `layerhedge {command} --help`"


class ConfigError(StopBot):
    """A configuration or rule file cannot be obeyed."""

    exit_code = 3
    template = "{file}: {key}: {problem}"
    advice = "{remedy}"


class UnknownKeyError(ConfigError):
    """A key that does not exist; a typing mistake must not pass for a default."""

    exit_code = 4


class OutOfRangeError(ConfigError):
    """A number that is negative, too small or too large."""

    exit_code = 5


class DisarmBeyondArmError(ConfigError):
    """A layer would disarm where it arms, and flap."""

    exit_code = 6


class LadderOrderError(ConfigError):
    """A layer arms sooner, or covers less, than a milder one before it."""

    exit_code = 7


class VariableMissingError(ConfigError):
    """A file names an environment variable that is not set."""

    exit_code = 8


# -- chain --------------------------------------------------------------------------------------


class RpcUnreachableError(RetryLater):
    """Nobody answers at the RPC address."""

    exit_code = 21
    template = "no answer from the RPC at {url}: {problem}"
    advice = "start the node or correct chain.rpc_url"


class RpcTimeoutError(RetryLater):
    """The RPC took longer than its bound."""

    exit_code = 22
    template = "{method} took longer than {timeout_s} s at {url}"
    advice = "raise chain.timeout_s or use a faster node"


class RpcAnswerError(RetryLater):
    """The RPC answered with an error."""

    exit_code = 23
    template = "{method} was refused by the node: {problem}"
    advice = "check that the node serves this method and this block"


class StaleBlockError(RetryLater):
    """The newest block is older than the bound."""

    exit_code = 24
    template = "block {block_number} is {age_s} s old, limit {age_s_max} s"
    advice = "the node may be cut off; no orders until it catches up"


class ReorgDetectedError(RefuseTick):
    """The block under the last tick is no longer part of the chain."""

    exit_code = 33
    template = "block {block_number} was {hash_seen}, the chain now has {hash_now}"
    advice = "the ticks above the common ancestor are reversed and redone"


class ReorgTooDeepError(StopBot):
    """No common ancestor within the depth that the journal keeps."""

    exit_code = 43
    template = "reorg deeper than {depth_max} ticks below block {block_number}"
    advice = "check the node; if the new chain is right, start a new book with --book"


class ChainRestartedError(RefuseTick):
    """The node serves another chain than the book was kept on."""

    exit_code = 34
    template = "the chain restarted: block 0 was {genesis_seen}, is now {genesis_now}"
    advice = "the book is untouched; bring the old chain back or start a new book with --book"


class ClockBackwardsError(RefuseTick):
    """A new block is older than the last one."""

    exit_code = 35
    template = "block {block_number} is dated {time_s}, before the last tick at {last_time_s}"
    advice = "check the node's clock; nothing is booked until block time passes the last tick"


class WrongChainError(StopBot):
    """The node is on another chain than the configuration says."""

    exit_code = 44
    template = "the node at {url} is on chain {chain_id}, expected {expected}"
    advice = "correct chain.chain_id or chain.rpc_url"


class ForeignChainError(StopBot):
    """Keys are held only on local and test chains."""

    exit_code = 45
    template = "chain id {chain_id} is no local or test chain"
    advice = "only demo and scripts send transactions, and only to: {allowed}"


class NoCodeError(StopBot):
    """An address holds no contract."""

    exit_code = 46
    template = "address {address} has no code on chain {chain_id}"
    advice = "check the address and the chain"


class NotAPairError(StopBot):
    """An address is no Uniswap V2 pair."""

    exit_code = 47
    template = "address {address} is no Uniswap V2 pair: {problem}"
    advice = "give the address of the pair, not of a token, router or V3 pool"


class TokenOrderError(StopBot):
    """The configured base or quote token is not in the pair."""

    exit_code = 48
    template = "pair {pool} holds {token0} and {token1}, not {wanted} as its {role} token"
    advice = "set base to one of the pair's two tokens"


class DecimalsError(StopBot):
    """A token's decimals are outside 0 to 36."""

    exit_code = 49
    template = "token {token} says it has {decimals} decimals, supported are 0 to 36"
    advice = "take the pool out of the list"


class FeeOnTransferError(StopBot):
    """A token keeps part of every transfer: the pool would pay out less than its reserves say."""

    exit_code = 50
    template = "token {token} of pair {pool} delivers {received} of {sent} atoms sent"
    advice = "fee-on-transfer tokens are not supported; take the pool out of the list"


class NodeStartError(StopBot):
    """The local node did not come up."""

    exit_code = 51
    template = "{node} did not start: {problem}"
    advice = "run `make setup`, then `layerhedge doctor`"


class FeedUnreadableError(RetryLater):
    """The feed file changed and cannot be read: perhaps it is being written."""

    exit_code = 26
    template = "feeds: {problem}"
    advice = "write the file anew beside it and move it into place"


class NoNewBlockError(RetryLater):
    """The chain stands where it stood at the last tick."""

    exit_code = 25
    template = "no block after {block_number} yet"
    advice = "nothing is due; the next tick looks again"


class PoolUnreadableError(RefuseTick):
    """A watched address does not answer as a pair at this block."""

    exit_code = 38
    template = "pool {pool} at {address} does not answer as a pair in block {block_number}"
    advice = "check that the pair existed at this block; take it out of the list of pools if not"


class StateMissingError(StopBot):
    """The node no longer holds the state of an old block that an event must be valued at."""

    exit_code = 54
    template = "the node has no state for block {block_number}: {problem}"
    advice = "use an archive node, or start a new book, which opens the position as it stands now"


class LensUnavailableError(StopBot):
    """The node can neither place the reader's code for a call nor has it deployed."""

    exit_code = 55
    template = "the node at {url} cannot run the pool reader: {problem}"
    advice = "deploy contracts/PoolLens.sol there and give its address as chain.lens"


class EngineGateError(StopBot):
    """What stands at the second engine's gate cannot be relied on."""

    exit_code = 77
    template = "the engine's gate {gate}: {problem}"
    advice = (
        "deploy contracts/EngineGate.sol with a Safe of two or more signatures as its keeper, and "
        "give its address as chain.engine_gate"
    )


class TokenUnreadableError(StopBot):
    """A token does not say what it is called or how many decimals it has."""

    exit_code = 56
    template = "token {token} does not answer {function}"
    advice = "take the pool out of the list"


class TransactionFailedError(StopBot):
    """A transaction of the demo or of a script was reverted or not mined in time."""

    exit_code = 57
    template = "transaction {tx_hash} failed: {problem}"
    advice = "this happens on a test chain only; run the command again"


class WorldDriftError(StopBot):
    """A scripted chain is not as its script leaves it: somebody else trades on the same node."""

    exit_code = 59
    template = "{what} {found} after the step, the script says {expected}"
    advice = "leave the demo's node alone, and run the command again"


class MethodRefusedError(StopBot):
    """Reading never sends, mines or moves the clock: the method is not on the list."""

    exit_code = 58
    template = "{method} is not a method that only reads"
    advice = "this is a fault of layerhedge: report it"


# -- books --------------------------------------------------------------------------------------


class LedgerUnbalancedError(StopBot):
    """An entry's postings do not sum to zero."""

    exit_code = 60
    template = "entry {entry_id} does not sum to zero: {residuals}"
    advice = "this is a fault of layerhedge: keep the book and report it"


class BookCorruptError(StopBot):
    """What is on disk is not what was written."""

    exit_code = 61
    template = "{file}: {table} row {seq} does not match its hash: {problem}"
    advice = "restore the book from a copy; nothing was changed"


class BookUnreadableError(BookCorruptError):
    """The file is no book, or so damaged that SQLite cannot walk it."""

    exit_code = 68
    template = "{file} cannot be read as a layerhedge book: {problem}"
    advice = "check the path, or restore the book from a copy; nothing was changed"


class BookVersionError(StopBot):
    """The book was written by a newer layerhedge."""

    exit_code = 69
    template = "book {file} has schema version {version}, this layerhedge knows {version_known}"
    advice = "update layerhedge, or give another --book"


class EntryRepeatedError(StopBot):
    """One cause would be booked twice."""

    exit_code = 70
    template = "book {file} already has a {kind} entry for cause {cause}"
    advice = "this is a fault of layerhedge: nothing was booked twice, report it"


class LedgerInvariantError(StopBot):
    """An entry is whole and balanced, but what it leaves behind cannot be."""

    exit_code = 71
    template = "after entry {seq}: {problem}"
    advice = "this is a fault of layerhedge: keep the book and report it"


class AccountUnknownError(StopBot):
    """A posting names an account outside the chart of accounts."""

    exit_code = 72
    template = "account {account} is not in the chart of accounts"
    advice = "see docs/ledger.md for the accounts there are"


class ExportRangeError(StopBot):
    """An amount has more digits than the export format computes with."""

    exit_code = 73
    template = "{atoms} atoms of {currency} in {account}: beancount rounds beyond {digits} digits"
    advice = "export as csv or parquet, which are exact"


class BookLockedError(StopBot):
    """Another process writes this book."""

    exit_code = 62
    template = "book {file} is being written by process {pid}"
    advice = "stop that process or give another --book"


class BookMissingError(StopBot):
    """There is no book where one should be read."""

    exit_code = 63
    template = "no book at {file}"
    advice = "run `layerhedge demo` or `layerhedge run` first, or give --book"


class BookTakenError(StopBot):
    """A scenario would be played into a book that holds another run."""

    exit_code = 74
    template = "book {file} holds a run already"
    advice = "a scenario begins a new book: give another --book, or none"


class BookWriteError(StopBot):
    """The disk is full or the folder may not be written."""

    exit_code = 64
    template = "book {file} cannot be written: {problem}"
    advice = "free space or mend the permissions; the last whole tick is kept"


class RulesChangedError(StopBot):
    """The book was kept under other rules."""

    exit_code = 65
    template = "book {file} obeys rules {rules_seen}, asked to run under {rules_now}"
    advice = "give the old rules or a new --book"


class TermsChangedError(StopBot):
    """The book was opened with other paper cash or other terms of the venue."""

    exit_code = 96
    template = "book {file} was opened with other {what} than the run file now gives"
    advice = "give the old ones or a new --book"


class PoolsChangedError(StopBot):
    """The book was kept for other pools."""

    exit_code = 95
    template = "book {file} follows pools {pools_seen}, asked to follow {pools_now}"
    advice = "give the same pools in the same order or a new --book"


class JournalMismatchError(StopBot):
    """A replay took another decision than the record."""

    exit_code = 66
    template = "tick {tick}: replay differs from the record at {where}"
    advice = "the record and this version of layerhedge disagree: report both"


class TickMissingError(StopBot):
    """The journal holds no such tick."""

    exit_code = 67
    template = "no tick {tick} in {file}: it holds ticks {first} to {last}"
    advice = "give one of these"


# -- options and the venue ----------------------------------------------------------------------


class NotListedError(RefuseTick):
    """The venue lists nothing that fits; the layer waits."""

    exit_code = 39
    template = "pool {pool}: {reason}"
    advice = "move the offsets or the tenor of the layer, or take a finer strike step"


class OptionInputError(StopBot):
    """There is no option price for such numbers."""

    exit_code = 80
    template = "{name} is {value}: {problem}"
    advice = "correct {name}"


class NotQuotedError(StopBot):
    """The venue has no terms for a pool."""

    exit_code = 81
    template = "the venue quotes no options on {pool}; it quotes {quoted}"
    advice = "give the pool its terms under venue"


class OrderMalformedError(StopBot):
    """An order that no venue can read."""

    exit_code = 82
    template = "order {order_id}: {problem}"
    advice = "this is a fault of layerhedge: keep the book and report it"


class VenueTermsError(StopBot):
    """Terms of the paper venue that would quote nonsense."""

    exit_code = 83
    template = "venue terms: {name} is {value}: {problem}"
    advice = "correct {name} under venue"


# -- market data and volatility -----------------------------------------------------------------


class MarketDataError(StopBot):
    """Prices or quotes that cannot be what they say they are."""

    exit_code = 90
    template = "{source}: {problem}"
    advice = "correct the data; docs/commands.md has the columns and formats"


class EstimateError(StopBot):
    """Too little data, or the wrong kind, for a volatility."""

    exit_code = 91
    template = "no {figure}: {problem}"
    advice = "give more or other data, or ask for another figure"


class VolIndexError(StopBot):
    """An option chain that cannot give a volatility index."""

    exit_code = 92
    template = "no volatility index from expiry {expiry}: {problem}"
    advice = "ask for another day or time, or give a fuller chain"


class HedgeFitError(StopBot):
    """No portfolio of these options was found."""

    exit_code = 88
    template = "no hedge from these options: {problem}"
    advice = "check the offers, the horizon and the budget"


class SurfaceFitError(StopBot):
    """No arbitrage-free smile goes through an expiry's quotes."""

    exit_code = 93
    template = "no volatility surface from the expiry in {days} days: {problem}"
    advice = "leave this expiry out, or give a fuller chain"
