// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "./interfaces/IERC20.sol";

/// @title Does a token deliver what a pair sends?
/// @notice Placed at the pair's own address for the length of one eth_call, this code sends a
/// hundredth of the pair's balance to an address that has never held any, and says what arrived.
/// Nothing is ever sent on a chain: a call leaves no trace.
contract TransferProbe {
    uint256 private constant SHARE = 100;

    /// @param token the token to try; the caller's code address is the sender
    /// @return sent atoms that left by the token's own transfer, 0 when the pair holds none
    /// @return received atoms that arrived, 0 too when the transfer was refused
    function probe(address token) external returns (uint256 sent, uint256 received) {
        uint256 balance = IERC20(token).balanceOf(address(this));
        if (balance == 0) return (0, 0);
        sent = balance < SHARE ? balance : balance / SHARE;
        address receiver = address(uint160(uint256(keccak256(abi.encode(address(this), token)))));
        uint256 before = IERC20(token).balanceOf(receiver);
        // A low-level call: some tokens return no value.
        (bool done,) = token.call(abi.encodeCall(IERC20.transfer, (receiver, sent)));
        if (done) received = IERC20(token).balanceOf(receiver) - before;
    }
}
