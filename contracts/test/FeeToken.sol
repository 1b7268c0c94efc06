// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TestToken} from "./TestToken.sol";

/// @title A token that keeps part of every transfer, which layerhedge must refuse
contract FeeToken is TestToken {
    uint256 private constant BPS = 10_000;
    /// @notice What a transfer loses, in basis points, rounded up; 0 until set.
    uint256 public feeBps;

    error FeeTooHigh(uint256 feeBps);

    constructor(string memory name_, string memory symbol_, uint8 decimals_)
        TestToken(name_, symbol_, decimals_)
    {}

    /// @notice Sets the fee; anybody may, on a test chain.
    function setFee(uint256 feeBps_) external {
        if (feeBps_ > BPS) revert FeeTooHigh(feeBps_);
        feeBps = feeBps_;
    }

    function _move(address from, address to, uint256 value) internal override {
        uint256 fee = (value * feeBps + BPS - 1) / BPS;
        _take(from, value);
        balanceOf[to] += value - fee;
        totalSupply -= fee;
        emit Transfer(from, to, value - fee);
        emit Transfer(from, address(0), fee);
    }
}
