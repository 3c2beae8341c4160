"""The standard protocol of ETH/UCY, for benchmarks/eth_ucy.py."""
