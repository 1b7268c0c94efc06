// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The part of ERC-20 that layerhedge's contracts speak
interface IERC20 {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    /// @notice Atoms held by `account`.
    function balanceOf(address account) external view returns (uint256);

    /// @notice Moves `value` atoms of the caller's to `to`.
    function transfer(address to, uint256 value) external returns (bool);
}
