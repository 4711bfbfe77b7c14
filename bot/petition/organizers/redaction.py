"""Take out of a comment who wrote it and what they gave of themselves, where that is to be forgotten.

What is left is a number for the person and that they signed: without it nobody could count the petition again, as
long as the comment stands on GitHub.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Comment, Version, Writer

EVER: Final = 2**62
"""A time after all others."""


def without_details(comment: Comment, until: int) -> Comment:
    """Forget name, affiliation, reason and login in texts up to a time (UTC epoch seconds).

    New words that the person wrote later are their own will again. The same words seen again, as when a moderator
    hides and unhides them, are not, nor is what somebody else made of them.
    """
    old = {version.digest for version in comment.versions if version.at <= until}
    new = {one.digest for one in comment.versions if one.at > until and one.writer is Writer.AUTHOR} - old
    versions = tuple(version if version.digest in new else _bare(version) for version in comment.versions)
    is_new = bool(versions) and versions[-1].digest in new
    author = comment.author if is_new or comment.author is None else replace(comment.author, login="")
    return replace(comment, author=author, versions=versions)


def _bare(version: Version) -> Version:
    return replace(version, command=Sign()) if isinstance(version.command, Sign) else version
