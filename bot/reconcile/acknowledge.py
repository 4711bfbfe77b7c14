"""Tell people by a reaction whether their command took effect; reactions notify nobody."""

from __future__ import annotations

from bot.github.errors import Forbidden, Gone, NotFound, Unprocessable
from bot.github.installation import InstallationClient
from bot.store import AckDue, Store


async def acknowledge(due: AckDue, *, store: Store, client: InstallationClient) -> None:
    """Give, change or take back one reaction.

    Where GitHub refuses the reaction for good (locked, deleted, not available), it counts as settled: the tally is
    the truth, the reaction only a courtesy. Errors that pass are raised.
    """
    reaction_id: int | None = None
    try:
        if due.given is not None and due.reaction_id is not None and due.given != due.wanted:
            await client.delete_reaction(due.repository, due.comment_id, due.reaction_id)
        if due.wanted is not None:
            reaction_id = await client.create_reaction(due.repository, due.comment_id, due.wanted)
    except (Forbidden, Gone, NotFound, Unprocessable):
        reaction_id = None
    await store.acknowledgements.record_given(due.comment_id, due.wanted, reaction_id)
