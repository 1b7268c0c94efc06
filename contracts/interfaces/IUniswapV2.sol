// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The part of Uniswap V2's factory that layerhedge's contracts ask
interface IUniswapV2Factory {
    /// @notice The pair of two tokens in either order, or the zero address.
    function getPair(address tokenA, address tokenB) external view returns (address pair);
}

/// @title The part of Uniswap V2's pair that layerhedge's contracts read
interface IUniswapV2Pair {
    function token0() external view returns (address);
    function token1() external view returns (address);

    /// @notice Atoms of both tokens, and the time of the block that last touched them, modulo 2**32.
    function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 timeS);

    /// @notice Price of token0 in token1, UQ112.112, times seconds, up to that block, modulo 2**256.
    function price0CumulativeLast() external view returns (uint256);

    /// @notice The same of token1 in token0.
    function price1CumulativeLast() external view returns (uint256);
}
