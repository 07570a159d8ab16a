"""Sessions, and several desktops for one user."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of sessions, and the desktops anew: SQLite cannot take a column's UNIQUE away.

    The tickets are made anew with them, because SQLite lets their reference follow the old table to its new name.
    """
    op.rename_table("desktops", "old_desktops")
    op.create_table(
        "desktops",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, sa.ForeignKey("users.id")),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.execute("INSERT INTO desktops SELECT name, user_id, created_at FROM old_desktops")
    op.create_table(
        "new_tickets",
        sa.Column("serial", sa.Text, primary_key=True),
        sa.Column("desktop", sa.Text, sa.ForeignKey("desktops.name"), nullable=False),
        sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("device", sa.Text, sa.ForeignKey("devices.name"), nullable=False),
        sa.Column("issued_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    op.execute("INSERT INTO new_tickets SELECT serial, desktop, user_id, device, issued_at, ended_at FROM tickets")
    op.drop_table("tickets")
    op.rename_table("new_tickets", "tickets")
    op.drop_table("old_desktops")
    op.create_index("ix_desktops_user_id", "desktops", ["user_id"])
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("device", sa.Text, sa.ForeignKey("devices.name"), nullable=False),
        sa.Column("began_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_device", "sessions", ["device"])
