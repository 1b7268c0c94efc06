// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISealedOrders} from "./interfaces/ISealedOrders.sol";
import {IUniswapV2Factory, IUniswapV2Pair} from "./interfaces/IUniswapV2.sol";

/// @title Paper orders whose terms nobody can read until their price is fixed
/// @dev Why so: docs/adr/0032-sealed-orders.md. Every call to another contract is a read of the
/// factory, or of a pair that the factory knows.
contract SealedOrders is ISealedOrders {
    /// @notice Least length of an average: the bot's own settlement window.
    uint256 public constant WINDOW_S = 1_800;
    /// @notice How late a close may be: fifty blocks of twelve seconds.
    uint256 public constant CLOSE_S = 600;
    /// @notice From close to reveal, so that no reorg reopens an average whose terms are known:
    /// beyond Ethereum's finality of two epochs, 768 seconds.
    uint256 public constant REST_S = 900;
    /// @notice How long after the close the terms may be shown.
    uint256 public constant REVEAL_S = 86_400;

    uint256 private constant Q112_BITS = 112;
    uint256 private constant Q112_MASK = 2 ** 112 - 1;

    /// @notice The Uniswap V2 factory whose pairs may be named.
    IUniswapV2Factory public immutable factory;

    mapping(address owner => mapping(bytes32 seal => Record)) private _records;

    error NotAPair(address pair);
    error EmptyPair(address pair);
    error WrongStage(Stage found, Stage needed);
    error TooEarly(uint256 nowS, uint256 fromS);
    error PairDiffers(address committed, address revealed);
    error NothingOrdered();

    constructor(IUniswapV2Factory factory_) {
        factory = factory_;
    }

    /// @inheritdoc ISealedOrders
    function commit(bytes32 seal, address pair) external {
        Record storage record = _records[msg.sender][seal];
        _requireStage(record, Stage.NONE);
        address token0 = IUniswapV2Pair(pair).token0();
        if (factory.getPair(token0, IUniswapV2Pair(pair).token1()) != pair) revert NotAPair(pair);
        (record.sum0, record.sum1) = cumulatives(pair);
        record.pair = pair;
        record.openedAtS = uint40(block.timestamp);
        record.stage = Stage.OPEN;
        emit Committed(msg.sender, seal, pair);
    }

    /// @inheritdoc ISealedOrders
    function close(address owner, bytes32 seal) external {
        Record storage record = _records[owner][seal];
        _requireStage(record, Stage.OPEN);
        _requireFrom(record.openedAtS + WINDOW_S);
        (uint256 growth0, uint256 growth1) = cumulatives(record.pair);
        unchecked {
            growth0 -= record.sum0; // The pair lets its sums wrap; their difference is right.
            growth1 -= record.sum1;
        }
        (record.sum0, record.sum1) = (growth0, growth1);
        record.closedAtS = uint40(block.timestamp);
        record.stage = Stage.CLOSED;
        emit Closed(owner, seal, block.timestamp - record.openedAtS, growth0, growth1);
    }

    /// @inheritdoc ISealedOrders
    function reveal(Terms calldata terms, bytes32 salt)
        external
        returns (Stage stage, uint256 quoteAtoms)
    {
        bytes32 seal = sealOf(msg.sender, terms, salt);
        Record storage record = _records[msg.sender][seal];
        _requireStage(record, Stage.CLOSED);
        _requireFrom(record.closedAtS + REST_S);
        if (terms.pair != record.pair) revert PairDiffers(record.pair, terms.pair);
        if (terms.baseAtoms == 0) revert NothingOrdered();

        uint256 growth = terms.baseIsToken0 ? record.sum0 : record.sum1;
        uint256 windowS = record.closedAtS - record.openedAtS;
        bool isWithin;
        if (terms.isBuy) {
            quoteAtoms = _quoteUp(terms.baseAtoms, growth, windowS);
            isWithin = quoteAtoms <= terms.quoteAtomsLimit;
        } else {
            quoteAtoms = _quoteDown(terms.baseAtoms, growth, windowS);
            isWithin = quoteAtoms >= terms.quoteAtomsLimit;
        }
        stage = isWithin ? Stage.FILLED : Stage.VOID;
        record.stage = stage;
        emit Revealed(msg.sender, seal, stage, terms, quoteAtoms);
    }

    /// @inheritdoc ISealedOrders
    function recordOf(address owner, bytes32 seal) external view returns (Record memory) {
        return _records[owner][seal];
    }

    /// @inheritdoc ISealedOrders
    function stageOf(address owner, bytes32 seal) external view returns (Stage) {
        return _stageNow(_records[owner][seal]);
    }

    /// @inheritdoc ISealedOrders
    function sealOf(address owner, Terms calldata terms, bytes32 salt)
        public
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(block.chainid, address(this), owner, terms, salt));
    }

    /// @inheritdoc ISealedOrders
    function cumulatives(address pair)
        public
        view
        returns (uint256 cumulative0, uint256 cumulative1)
    {
        (uint256 reserve0, uint256 reserve1, uint32 timeS) = IUniswapV2Pair(pair).getReserves();
        if (reserve0 == 0 || reserve1 == 0) revert EmptyPair(pair);
        cumulative0 = IUniswapV2Pair(pair).price0CumulativeLast();
        cumulative1 = IUniswapV2Pair(pair).price1CumulativeLast();
        unchecked {
            uint256 elapsedS = uint32(block.timestamp) - timeS; // The pair's clock wraps at 32 bits.
            cumulative0 += ((reserve1 << Q112_BITS) / reserve0) * elapsedS; // Its sums at 256.
            cumulative1 += ((reserve0 << Q112_BITS) / reserve1) * elapsedS;
        }
    }

    function _requireStage(Record storage record, Stage needed) private view {
        Stage found = _stageNow(record);
        if (found != needed) revert WrongStage(found, needed);
    }

    function _requireFrom(uint256 fromS) private view {
        if (block.timestamp < fromS) revert TooEarly(block.timestamp, fromS);
    }

    function _stageNow(Record storage record) private view returns (Stage stage) {
        stage = record.stage;
        uint256 lastS = type(uint256).max;
        if (stage == Stage.OPEN) lastS = record.openedAtS + WINDOW_S + CLOSE_S;
        if (stage == Stage.CLOSED) lastS = record.closedAtS + REVEAL_S;
        if (block.timestamp > lastS) stage = Stage.LAPSED;
    }

    /// @dev baseAtoms * growth / (windowS * 2**112), rounded down. The product has up to 348 bits,
    /// so growth is taken in two parts; a floor of a floor is the floor.
    function _quoteDown(uint256 baseAtoms, uint256 growth, uint256 windowS)
        private
        pure
        returns (uint256)
    {
        uint256 whole = baseAtoms * (growth >> Q112_BITS);
        uint256 part = baseAtoms * (growth & Q112_MASK);
        return (whole + (part >> Q112_BITS)) / windowS;
    }

    /// @dev The same, rounded up: a ceiling of a ceiling is the ceiling.
    function _quoteUp(uint256 baseAtoms, uint256 growth, uint256 windowS)
        private
        pure
        returns (uint256)
    {
        uint256 whole = baseAtoms * (growth >> Q112_BITS);
        uint256 part = baseAtoms * (growth & Q112_MASK);
        return (whole + ((part + Q112_MASK) >> Q112_BITS) + windowS - 1) / windowS;
    }
}
