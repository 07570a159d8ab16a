"""Judge a network beside interpolation: `python -m models.evaluate`."""
