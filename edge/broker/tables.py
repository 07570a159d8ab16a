"""The tables, as the newest migration leaves them. Times are seconds since 1970 (UTC)."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("locked", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("used_at", Float),
)

# Steps whose code was shown to be known ahead of its time: see `edge.broker.sign_in`.
burned_steps = Table(
    "burned_steps",
    metadata,
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("step", Integer, primary_key=True),
)

# Keyed by name, not by account: a name that does not exist is throttled and locked as one that does.
attempts = Table(
    "attempts",
    metadata,
    Column("kind", Text, CheckConstraint("kind IN ('user', 'device')"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", Float, nullable=False),
    Column("last_failed_at", Float, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("name", Text, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("token_digest", LargeBinary, unique=True),
    Column("token_expires_at", Float),
    Column("token_used_by", Text),
    Column("revoked_at", Float),
    Column("presence", Text, nullable=False),
    Column("boot_sequence", Integer, nullable=False),
    Column("seen_at", Float),
)

certificates = Table(
    "certificates",
    metadata,
    Column("serial", Text, primary_key=True),
    Column("device", Text, ForeignKey("devices.name"), nullable=False),
    Column("issued_at", Float, nullable=False),
    Column("not_after", Float, nullable=False),
    Column("revoked_at", Float),
)

desktops = Table(
    "desktops",
    metadata,
    Column("name", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), index=True),
    Column("created_at", Float, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("serial", Text, primary_key=True),
    Column("desktop", Text, ForeignKey("desktops.name"), nullable=False),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("device", Text, ForeignKey("devices.name"), nullable=False),
    Column("issued_at", Float, nullable=False),
    Column("ended_at", Float),
)

# Who is signed in where; `id` is the fingerprint of the key that the device made for it: see `edge.broker.sessions`.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False, index=True),
    Column("device", Text, ForeignKey("devices.name"), nullable=False, index=True),
    Column("began_at", Float, nullable=False),
    Column("ended_at", Float),
)

# Acts of the command line that the running broker has to carry out: see `edge.broker.acts`.
acts = Table(
    "acts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
