"""Training networks in stages, one run or all of them: `python -m models.train`."""
