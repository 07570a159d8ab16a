"""`python -m edge.cli` is `edgectl`."""

from edge.cli import main

main()
