// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEngineGate} from "./interfaces/IEngineGate.sol";

/// @title The gate of the second engine: one moment in time, which one multisig sets
/// @dev No owner to change, no upgrade, no ether: another keeper is another gate.
/// Why so: docs/adr/0031-engine-gate.md.
contract EngineGate is IEngineGate {
    /// @notice See IEngineGate. A week: signatures that lie about, signers who are gone or who forget
    /// leave leverage armed for no longer than that, and a gate still spans a weekend and a macro window.
    uint64 public constant SPAN_MAX_S = 7 days;

    address public immutable keeper;
    uint64 public openUntil;

    error KeeperHasNoCode(address keeper);
    error NotKeeper(address caller);
    error NotAhead(uint64 untilS, uint256 nowS);
    error TooFarAhead(uint64 untilS, uint256 latestS);

    modifier onlyKeeper() {
        if (msg.sender != keeper) revert NotKeeper(msg.sender);
        _;
    }

    /// @param keeper_ the multisig; an account without code, which one key controls, is refused
    constructor(address keeper_) {
        if (keeper_.code.length == 0) revert KeeperHasNoCode(keeper_);
        keeper = keeper_;
    }

    function open(uint64 untilS) external onlyKeeper {
        if (untilS <= block.timestamp) revert NotAhead(untilS, block.timestamp);
        uint256 latestS = block.timestamp + SPAN_MAX_S;
        if (untilS > latestS) revert TooFarAhead(untilS, latestS);
        openUntil = untilS;
        emit Opened(untilS);
    }

    function shut() external onlyKeeper {
        // What has run out stays: the gate goes on saying since when it has been shut.
        if (openUntil > block.timestamp) openUntil = uint64(block.timestamp);
        emit Shut(openUntil);
    }
}
