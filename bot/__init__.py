"""layerhedge: paper-traded, layered option hedges for Uniswap liquidity providers."""

__version__ = "0.1.0"
