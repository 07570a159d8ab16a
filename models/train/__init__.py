"""Train the network: `python -m models.train`."""
