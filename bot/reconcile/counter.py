"""Find out which counter wrote a petition's block last: the App, or a workflow of the repository."""

from __future__ import annotations

from collections.abc import Sequence

from bot.petition import block
from bot.petition.machine_readable_tally import Counter
from bot.reconcile.publish_plan import PublishContext, ShownIssue


async def find_last_counter(shown: Sequence[ShownIssue], context: PublishContext) -> Counter:
    """Return what wrote the block of a petition's first issue; ourselves where nothing has. Raises GitHub's errors.

    Whoever may edit the letter can write anything into its block. So what it says of another counter counts only
    where the newest edit by a bot is not ours.
    """
    first = next((one for one in shown if one.thread.position == 1), None)
    line = None if first is None else block.machine_line(first.read.body)
    if first is None or line is None or line.by not in {*Counter} - {context.counter}:
        return context.counter
    repository, issue = first.read.repository.full_name, first.read.issue
    page = await context.client.list_revisions(repository, issue.number, issue.id)
    us = await context.client.get_login()
    newest = next((one for one in page.revisions if not one.by_person), None) if page else None
    return context.counter if newest is None or newest.is_by(us) else Counter(line.by)
