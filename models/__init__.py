"""Everything that the shipped networks were made with; run its parts from the root of the repository."""
