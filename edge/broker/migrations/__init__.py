"""Alembic's environment: how the database came to its present tables."""
