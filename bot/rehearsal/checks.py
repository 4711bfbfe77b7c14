"""What of the story shows whether an assumption holds: a function by the assumption's id, for each that needs one.

A check that looks at a step without a response raises NotObserved: it could not be tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from bot.rehearsal.story import BURST, LABEL, LETTER, SPACED_LETTER, NotObserved, Observations, Response

Seen = tuple[bool, str]
"""Whether something holds, and what was seen."""

Check = Callable[[Observations], Seen]


def status_text(answer: Response) -> str:
    """Return how GitHub answered: its refusal, or the status."""
    return f"`{answer.refusal[:150]}`" if answer.refusal else f"{answer.status}"


def _node_of(answer: Response) -> Mapping[str, Any]:
    """Return the one node of a GraphQL answer."""
    node: Mapping[str, Any] = answer.body["nodes"][0]
    return node


def _edits_of(node: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the entries of a node's edit history."""
    return (node["userContentEdits"] or {}).get("nodes") or ()


def _revisions_of(answer: Response) -> Sequence[Mapping[str, Any]]:
    """Return the entries of the edit history of an issue's body."""
    return _edits_of(answer.body["repository"]["issue"])


def _ids_of(answer: Response) -> list[int]:
    """Return the numbers in a list."""
    return [one["id"] for one in answer.body]


def _compare_times(before: str, after: str) -> Seen:
    """Return whether a time has moved, and both times."""
    return after > before, f"`{before}` before, `{after}` after"


def _told(seen: Observations, action: str) -> list[Any]:
    return [one for one in seen["told"].body if one["action"] == action]


def _require_person(seen: Observations) -> None:
    if seen["letter"].body["user"]["type"] == "Bot":
        raise NotObserved("the token is a workflow's, which is no collaborator")


# Who writes


def viewer_is_author(seen: Observations) -> Seen:
    viewer, author = seen["viewer"].body["viewer"]["login"], seen["letter"].body["user"]["login"]
    return viewer == author, f"`{viewer}` and `{author}`"


def writes_as_actions(seen: Observations) -> Seen:
    author = seen["letter"].body["user"]
    if author["type"] != "Bot":
        raise NotObserved("the token is a person's; run it in a workflow, with the workflow's GITHUB_TOKEN")
    return author["login"] == "github-actions[bot]", f"`{author['login']}`"


def writer_is_associated(seen: Observations) -> Seen:
    _require_person(seen)
    shown = seen["sign"].body["author_association"]
    return shown in ("OWNER", "MEMBER", "COLLABORATOR"), f"`{shown}`"


def writer_has_permission(seen: Observations) -> Seen:
    _require_person(seen)
    shown = seen["permission"].body["permission"]
    return shown in ("admin", "write"), f"`{shown}`"


# Texts


def body_is_kept(seen: Observations) -> Seen:
    same = seen["letter_read"].body["body"] == LETTER
    return same, "the same text" if same else repr(seen["letter_read"].body["body"])[:200]


def line_ends_are_kept(seen: Observations) -> Seen:
    end = seen["body_again"].body["body"][-40:]
    return SPACED_LETTER.endswith(end) and len(end) == 40, repr(end)


def revisions_are_kept(seen: Observations) -> Seen:
    times = [one["editedAt"] for one in _revisions_of(seen["revisions"])]
    text = _node_of(seen["revision"])["diff"]
    whole = text in (LETTER, *(seen[step].body.get("body") for step in ("full_body", "longer_body")))
    kept = len(times) >= 2 and times == sorted(times, reverse=True) and whole
    return kept, f"{len(times)} entries; a text of {len(text or '')} characters"


# Comments


def ids_are_long(seen: Observations) -> Seen:
    rest, graphql = seen["sign"].body["id"], _node_of(seen["unedited"])["fullDatabaseId"]
    return rest > 2**31 and graphql == str(rest), f"{rest} and {graphql!r}"


def ids_ascend(seen: Observations) -> Seen:
    written = [seen[f"burst_{n}"].body["id"] for n in range(BURST)]
    listed = _ids_of(seen["crowd"])
    ascending = listed == sorted(listed)
    in_order = ascending and written == sorted(written) and set(written) <= set(listed)
    return in_order, f"{len(listed)} listed, {'' if ascending else 'not '}ascending"


def pages_lead_on(seen: Observations) -> Seen:
    if not seen["page"].next_url:
        return False, "no link to a next page"
    found = _ids_of(seen["page"]) + _ids_of(seen["next_page"])
    return found == _ids_of(seen["crowd"])[:40], f"{len(found)} on two pages"


def times_are_whole_seconds(seen: Observations) -> Seen:
    times = [seen[step].body[name] for step in ("sign", "edit") for name in ("created_at", "updated_at")]
    return all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one) for one in times), f"`{times[-1]}`"


def unedited_has_no_history(seen: Observations) -> Seen:
    node = _node_of(seen["unedited"])
    entries = _edits_of(node)
    return node["lastEditedAt"] is None and not entries, f"{len(entries)} entries, `{node['lastEditedAt']}`"


def edit_moves_updated_at(seen: Observations) -> Seen:
    return _compare_times(_node_of(seen["before_edit"])["updatedAt"], seen["edit"].body["updated_at"])


def edits_are_in_the_history(seen: Observations) -> Seen:
    texts = [one["diff"] for one in _edits_of(_node_of(seen["edited"]))]
    return texts == [seen["edit"].body["body"], seen["sign"].body["body"]], repr(texts)


def other_editor_is_shown(seen: Observations) -> Seen:
    node = _node_of(seen["edited_by_other"])
    author, editor = node["author"]["login"], (node["editor"] or {}).get("login")
    wanted = (seen["second_sign"].body["user"]["login"], seen["letter"].body["user"]["login"].removesuffix("[bot]"))
    return (author, editor) == wanted, f"author `{author}`, editor `{editor}`"


def deleted_comment_is_gone(seen: Observations) -> Seen:
    listed = seen["doomed"].body["id"] in _ids_of(seen["without_it"])
    is_gone = seen["gone"].status == 404 and not listed
    return is_gone, f"{status_text(seen['gone'])}, {'' if listed else 'not '}listed"


def others_may_not_comment_on_locked(seen: Observations) -> Seen:
    answer, association = seen["second_locked_comment"], seen["second_sign"].body["author_association"]
    if association in ("OWNER", "MEMBER", "COLLABORATOR"):
        raise NotObserved(f"the second account may write ({association})")
    return answer.status == 403, status_text(answer)


# Hidden comments and reactions


def hidden_is_shown(seen: Observations) -> Seen:
    states = [_node_of(seen[step])["isMinimized"] for step in ("edited", "hidden_history", "unhidden_history")]
    return states == [False, True, False], f"{states}"


def hidden_is_shown_in_rest(seen: Observations) -> Seen:
    states = [seen[step].body.get("minimized", "absent") for step in ("hidden", "unhidden")]
    return isinstance(states[0], dict) and states[1] is None, f"`{states[0]}`, then `{states[1]}`"


def hiding_moves_updated_at(seen: Observations) -> Seen:
    return _compare_times(seen["edit"].body["updated_at"], seen["hidden"].body["updated_at"])


def showing_moves_updated_at(seen: Observations) -> Seen:
    return _compare_times(seen["hidden"].body["updated_at"], seen["unhidden"].body["updated_at"])


def hiding_is_no_edit(seen: Observations) -> Seen:
    before, after = (_node_of(seen[step]) for step in ("edited", "hidden_history"))
    same = before["lastEditedAt"] == after["lastEditedAt"] and len(_edits_of(before)) == len(_edits_of(after))
    return same, f"{len(_edits_of(before))} entries before, {len(_edits_of(after))} after"


def reaction_is_made_once(seen: Observations) -> Seen:
    first, again = seen["reaction"], seen["reaction_again"]
    same = first.body["id"] == again.body["id"]
    return (first.status, again.status, same) == (201, 200, True), f"{first.status}, then {again.status}"


def own_reaction_is_shown(seen: Observations) -> Seen:
    wanted = str(seen["sign"].body["id"])
    nodes = seen["reactions"].body["repository"]["issue"]["comments"]["nodes"]
    (groups,) = [one["reactionGroups"] for one in nodes if one["fullDatabaseId"] == wanted]
    mine = [one["content"] for one in groups if one["viewerHasReacted"]]
    return mine == ["THUMBS_UP"], f"{mine}"


def reaction_leaves_updated_at(seen: Observations) -> Seen:
    before, after = seen["unhidden"].body["updated_at"], seen["liked"].body["updated_at"]
    return before == after, f"`{before}` before, `{after}` after"


# Lists


def since_is_inclusive(seen: Observations) -> Seen:
    found = seen["sign"].body["id"] in _ids_of(seen["since_edit"])
    return found, f"{'' if found else 'not '}listed"


def since_is_by_update(seen: Observations) -> Seen:
    found = seen["edit"].body["id"] in _ids_of(seen["since_later"])
    return found, f"{'' if found else 'not '}listed"


def unchanged_list_is_304(seen: Observations) -> Seen:
    statuses = [seen[f"unchanged_{n}"].status for n in (1, 2, 3)]
    return statuses == [304] * 3, f"{statuses}"


def unchanged_list_is_free(seen: Observations) -> Seen:
    answers = [seen["listing"], *(seen[f"unchanged_{n}"] for n in (1, 2, 3))]
    used = [one.headers.get("x-ratelimit-used", "") for one in answers]
    return any(before == after != "" for before, after in pairwise(used)), f"used: {', '.join(used)}"


def limits_are_shown(seen: Observations) -> Seen:
    names = ("limit", "remaining", "used", "reset", "resource")
    lacking = {
        step
        for step, answer in seen.responses.items()
        if not all(f"x-ratelimit-{name}" in answer.headers for name in names)
    }
    return not lacking, f"on {len(seen.responses) - len(lacking)} of {len(seen.responses)} responses"


def label_is_listed(seen: Observations) -> Seen:
    found = [one["number"] for one in seen["labelled"].body]
    return found == [seen["letter"].body["number"]], f"{found}"


def label_moves(seen: Observations) -> Seen:
    found = [one["number"] for one in seen["relabelled"].body]
    return found == [seen["other"].body["number"]], f"{found}"


def repository_has_a_number(seen: Observations) -> Seen:
    answer = seen["by_number"]
    return answer.status == 200 and answer.body["id"] == seen["letter"].body["id"], status_text(answer)


# Moves


def old_address_leads_on(seen: Observations) -> Seen:
    answer = seen["old_address"]
    leads = answer.status == 301 and "/issues/" in answer.headers.get("location", "")
    return leads, f"{answer.status}, to `{answer.headers.get('location')}`"


def transfer_gives_another_id(seen: Observations) -> Seen:
    before, after = seen["letter"].body["id"], seen["moved"].body["id"]
    return before != after, f"{before} before, {after} after"


def transfer_keeps_comments(seen: Observations) -> Seen:
    before, after = (
        [(one["user"]["id"], one["created_at"], one["body"]) for one in seen[step].body]
        for step in ("before_transfer", "moved_comments")
    )
    return before == after, f"{len(before)} before, {len(after)} after"


def transfer_keeps_comment_ids(seen: Observations) -> Seen:
    before, after = (set(_ids_of(seen[step])) for step in ("before_transfer", "moved_comments"))
    return before == after, f"{len(before & after)} of {len(before)} are the same"


def transfer_keeps_labels(seen: Observations) -> Seen:
    names = [one["name"] for one in seen["moved"].body["labels"]]
    return LABEL in names, f"{names}"


def transfer_keeps_revisions(seen: Observations) -> Seen:
    before, after = (len(_revisions_of(seen[step])) for step in ("revisions", "moved_revisions"))
    return 0 < before <= after, f"{before} entries before, {after} after"


# What is delivered


def hidden_comment_is_told(seen: Observations) -> Seen:
    comment = seen["sign"].body["id"]
    edits = [one for one in _told(seen, "edited") if one["comment"]["id"] == comment]
    equal = [one for one in edits if one["changes"]["body"]["from"] == one["comment"]["body"]]
    return bool(equal), f"{len(edits)} deliveries of edits, {len(equal)} with an equal text"


def deletion_is_told(seen: Observations) -> Seen:
    comment = seen["doomed"].body
    by = [one["sender"]["id"] for one in _told(seen, "deleted") if one["comment"]["id"] == comment["id"]]
    return by == [comment["user"]["id"]], f"{len(by)} deliveries"


def transfer_is_told(seen: Observations) -> Seen:
    before, after = seen["letter"].body["id"], seen["moved"].body["id"]
    left = [one["changes"]["new_issue"]["id"] for one in _told(seen, "transferred") if one["issue"]["id"] == before]
    opened = [one for one in _told(seen, "opened") if one["issue"]["id"] == after]
    came = [one["changes"]["old_issue"]["id"] for one in opened]
    return (left, came) == ([after], [before]), f"{len(left)} deliveries from there, {len(came)} from here"
