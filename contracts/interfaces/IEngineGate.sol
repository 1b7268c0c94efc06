// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The gate of the second engine: open until a moment that a multisig names
/// @notice The engine may act in a block while `openUntil()` lies after that block's time. Whoever
/// reads the gate needs no event and no history: one number says open or shut, and since when.
interface IEngineGate {
    event Opened(uint64 untilS);
    event Shut(uint64 sinceS);

    /// @notice The multisig that opens and shuts the gate, for ever.
    function keeper() external view returns (address);

    /// @notice The farthest that the gate can be opened ahead, seconds.
    function SPAN_MAX_S() external view returns (uint64);

    /// @notice Unix time until which the gate is open; shut since then when it has passed, 0 when
    /// the gate was never opened.
    function openUntil() external view returns (uint64);

    /// @notice Opens the gate until `untilS`, in place of what was said before. Only the keeper may.
    /// @param untilS unix time after this block's, and at most `SPAN_MAX_S()` after it
    function open(uint64 untilS) external;

    /// @notice Shuts the gate from this block on. Only the keeper may; shutting a shut gate changes
    /// nothing, so it never fails when it is needed.
    function shut() external;
}
