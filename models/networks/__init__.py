"""The networks: the family S, M, L, XL and the rivals that it is measured against."""
