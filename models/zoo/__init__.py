"""The zoo: networks as the client runs them, each file with its card."""
