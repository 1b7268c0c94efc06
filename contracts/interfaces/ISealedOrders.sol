// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Paper orders whose terms nobody can read until their price is fixed
/// @notice An order goes through three transactions:
///
///   commit   its owner leaves the hash of its terms and names the pair; the average begins
///   close    WINDOW_S later, at most CLOSE_S late, anybody ends the average; the price is fixed
///   reveal   REST_S after that, within REVEAL_S of the close, the owner shows the terms
///
/// The price is the pair's own average from commit to close. Whoever reads the terms comes too
/// late to bend it, and so does whoever holds the reveal back. An order whose average is beyond
/// its limit is VOID, one that misses a term has LAPSED; both are final.
///
/// It is a record of what such orders would have been filled at. No token is held, asked for or
/// moved; there is no owner, no setting and nothing to switch off.
interface ISealedOrders {
    /// @notice NONE: never committed. OPEN: the average runs. CLOSED: it has ended.
    /// FILLED, VOID: revealed, within its limit or beyond. LAPSED: a term was missed.
    enum Stage {
        NONE,
        OPEN,
        CLOSED,
        FILLED,
        VOID,
        LAPSED
    }

    /// @notice What is sealed. Amounts are atoms.
    /// @param pair the Uniswap V2 pair whose average it is priced by
    /// @param baseIsToken0 whether the pair's token0 is what is bought or sold
    /// @param isBuy true to pay quote for base, false to sell base for quote
    /// @param baseAtoms the quantity, above zero
    /// @param quoteAtomsLimit the most that a purchase pays, the least that a sale receives
    struct Terms {
        address pair;
        bool baseIsToken0;
        bool isBuy;
        uint112 baseAtoms;
        uint256 quoteAtomsLimit;
    }

    /// @notice What is known of an order by everybody.
    /// @param openedAtS block time of the commit, unix seconds
    /// @param closedAtS block time of the close, 0 while it is open
    /// @param stage as of its last transaction; `stageOf` knows of missed terms too
    /// @param sum0 price of token0 in token1, UQ112.112, times seconds: while OPEN the pair's
    /// cumulative at the commit (modulo 2**256), afterwards its growth from commit to close
    /// @param sum1 the same of token1 in token0
    struct Record {
        address pair;
        uint40 openedAtS;
        uint40 closedAtS;
        Stage stage;
        uint256 sum0;
        uint256 sum1;
    }

    event Committed(address indexed owner, bytes32 indexed seal, address indexed pair);

    /// @notice The average is fixed: each growth over `windowS` is a price as UQ112.112.
    event Closed(
        address indexed owner, bytes32 indexed seal, uint256 windowS, uint256 growth0, uint256 growth1
    );

    /// @notice The terms, and what the quantity comes to at the average: `quoteAtoms` is rounded
    /// up for a purchase and down for a sale. It is paper either way, and told of a VOID order too.
    event Revealed(
        address indexed owner, bytes32 indexed seal, Stage stage, Terms terms, uint256 quoteAtoms
    );

    /// @notice Leaves an order's seal (see `sealOf`) and begins its average, in this block.
    /// @dev A seal serves its owner once. Another's seal, copied, is of no use to anybody: the
    /// owner is part of what is sealed.
    /// @param seal hash of the terms with a secret salt; the salt is 32 random bytes, used once
    /// @param pair a pair of the factory that has reserves; visible from now on
    function commit(bytes32 seal, address pair) external;

    /// @notice Ends the average of an order, in this block. Anybody may, so that its owner does
    /// not choose the moment. From WINDOW_S to WINDOW_S + CLOSE_S after the commit.
    function close(address owner, bytes32 seal) external;

    /// @notice Shows the caller's terms and settles: FILLED within the limit, VOID beyond.
    /// From REST_S to REVEAL_S after the close.
    /// @return stage FILLED or VOID
    /// @return quoteAtoms as in the event
    function reveal(Terms calldata terms, bytes32 salt)
        external
        returns (Stage stage, uint256 quoteAtoms);

    /// @notice The seal of an order on this chain and in this contract.
    /// @dev For comparing. Whoever asks a node of somebody else's has shown it the terms.
    function sealOf(address owner, Terms calldata terms, bytes32 salt)
        external
        view
        returns (bytes32);

    /// @notice What everybody knows of an order.
    function recordOf(address owner, bytes32 seal) external view returns (Record memory);

    /// @notice Where an order stands in this block.
    function stageOf(address owner, bytes32 seal) external view returns (Stage);

    /// @notice A pair's price cumulatives as if it were touched in this block, modulo 2**256.
    function cumulatives(address pair)
        external
        view
        returns (uint256 cumulative0, uint256 cumulative1);
}
