"""What the bot assumes of GitHub, each with GitHub's page about it and what shows whether it holds; pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from bot.rehearsal.checks import CHECKS, Check, answers, cannot
from bot.rehearsal.observations import NotObserved, Observations

DOCS: Final = "https://docs.github.com/en/"


class Confidence(StrEnum):
    """How sure it is before anybody has tried it."""

    DOCUMENTED = "documented"
    REPORTED = "reported"
    """By users; GitHub's page, if any, is about the subject only."""
    UNSURE = "unsure"


class Verdict(StrEnum):
    """What a rehearsal has found of an assumption."""

    FAILED = "did not hold"
    HELD = "held"
    UNTRIED = "could not be tried"


class Finding(Struct, frozen=True):
    """What was found of one assumption, and by what."""

    assumption: Assumption
    verdict: Verdict
    seen: str


class Assumption(Struct, frozen=True):
    """What the bot assumes, in a sentence; `page` is GitHub's page about it, below `DOCS`."""

    id: str
    sentence: str
    confidence: Confidence
    page: str
    check: Check

    def find(self, story: Observations) -> Finding:
        """Return what the story shows of it."""
        try:
            holds, seen = self.check(story)
        except NotObserved as reason:
            return Finding(self, Verdict.UNTRIED, str(reason))
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            return Finding(self, Verdict.FAILED, f"a response has another form: {type(error).__name__} {error}")
        return Finding(self, Verdict.HELD if holds else Verdict.FAILED, seen)


def _row(name: str, sentence: str, confidence: Confidence, page: str, check: Check | None = None) -> Assumption:
    return Assumption(name, sentence, confidence, page, check or CHECKS[name])


DOCUMENTED, REPORTED, UNSURE = Confidence.DOCUMENTED, Confidence.REPORTED, Confidence.UNSURE

_COMMENTS = "rest/issues/comments"
_ISSUES = "rest/issues/issues"
_REACTIONS = "rest/reactions/reactions"
_PERMISSION = "rest/collaborators/collaborators#get-repository-permissions-for-a-user"
_BEST = "rest/using-the-rest-api/best-practices-for-using-the-rest-api"
_CONDITIONAL = f"{_BEST}#use-conditional-requests-if-appropriate"
_LIMITS = "rest/using-the-rest-api/rate-limits-for-the-rest-api"
_PAGES = "rest/using-the-rest-api/using-pagination-in-the-rest-api"
_QUERIES = "graphql/reference/queries"
_GRAPHQL = "graphql/reference/objects#issuecomment"
_REVISIONS = "graphql/reference/objects#usercontentedit"
_GROUPS = "graphql/reference/objects#reactiongroup"
_WORKFLOW = "actions/concepts/security/github_token"
_WRITING = (
    "get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github"
    "/basic-writing-and-formatting-syntax"
)
_HIDING = "communities/moderating-comments-and-conversations/managing-disruptive-comments"
_LOCKING = "communities/moderating-comments-and-conversations/locking-conversations"
_TRACKING = "communities/moderating-comments-and-conversations/tracking-changes-in-a-comment"
_TRANSFER = "issues/tracking-your-work-with-issues/administering-issues/transferring-an-issue-to-another-repository"
_EVENTS = "webhooks/webhook-events-and-payloads"
_REDELIVERY = "webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks"
_NOTIFICATIONS = (
    "account-and-profile/managing-subscriptions-and-notifications-on-github/setting-up-notifications"
    "/configuring-notifications"
)
_HARMFUL = "GitHub may block an account that exceeds its limits on purpose"

# fmt: off
ASSUMPTIONS: Final = (
    _row("viewer-is-author", "GraphQL's `viewer` has the login that REST shows of the author.", REPORTED, _QUERIES),
    _row("writes-as-actions", "A workflow's token writes as `github-actions[bot]`.", UNSURE, _WORKFLOW),
    _row("writer-is-associated", "Whoever may write is shown as owner, member or collaborator.",
         DOCUMENTED, _COMMENTS),
    _row("writer-has-permission", "Whoever may write has the permission `admin` or `write`.",
         DOCUMENTED, _PERMISSION),
    _row("body-is-kept", "A body is read back letter by letter, with line feeds and hidden comments.",
         REPORTED, _WRITING),
    _row("line-ends-are-kept", "Line ends, and white space at the end of a body, stay as they are sent.",
         UNSURE, _ISSUES),
    _row("revisions-are-kept", "The edit history of a body has every text in full, the newest first.",
         REPORTED, _REVISIONS),
    _row("full-body-is-taken", "An issue's body may have 65,536 code points, of any width.",
         REPORTED, _ISSUES, answers("full_body", 200)),
    _row("longer-body-is-refused", "A body of 65,537 code points is refused with 422.",
         REPORTED, _ISSUES, answers("longer_body", 422)),
    _row("full-comment-is-taken", "A comment may have 262,144 bytes.",
         REPORTED, _COMMENTS, answers("full_comment", 201)),
    _row("longer-comment-is-refused", "A comment of 262,145 bytes is refused with 422.",
         REPORTED, _COMMENTS, answers("longer_comment", 422)),
    _row("conditional-write-is-refused", "A write with `If-Match` is refused with 400; the last write wins.",
         REPORTED, _BEST, answers("conditional", 400)),
    _row("locked-body-is-written", "The body of a locked issue can be written.",
         UNSURE, _LOCKING, answers("locked_body", 200, after="lock")),
    _row("ids-are-long", "A comment's id exceeds 32 bits; GraphQL's `fullDatabaseId` is the same id as a text.",
         REPORTED, _GRAPHQL),
    _row("ids-ascend", "Comments are listed by ascending id, in the order in which they were written.",
         DOCUMENTED, _COMMENTS),
    _row("pages-lead-on", "`Link` leads to the next page, and the pages have each comment once.",
         DOCUMENTED, _PAGES),
    _row("times-are-whole-seconds", "Times are UTC, in whole seconds.", REPORTED, _COMMENTS),
    _row("unedited-has-no-history", "A comment that nobody has edited has no `lastEditedAt` and no history.",
         REPORTED, _GRAPHQL),
    _row("edit-moves-updated-at", "An edit moves a comment's `updated_at`.", DOCUMENTED, _COMMENTS),
    _row("edits-are-in-the-history", "The edit history has both texts in full, the newest first.",
         REPORTED, _REVISIONS),
    _row("other-editor-is-shown", "After an edit by somebody else the author stays, and `editor` is who edited.",
         DOCUMENTED, _GRAPHQL),
    _row("deleted-comment-is-gone", "A deleted comment answers 404 and is listed no more.", DOCUMENTED, _COMMENTS),
    _row("owner-may-comment-on-locked", "Whoever may write can comment on a locked issue.",
         DOCUMENTED, _LOCKING, answers("locked_comment", 201, after="lock")),
    _row("others-may-not-comment-on-locked", "Nobody else can comment on it: 403.", DOCUMENTED, _LOCKING),
    _row("closed-takes-comments", "A closed issue takes comments.",
         REPORTED, _ISSUES, answers("closed_comment", 201, after="close")),
    _row("hidden-is-shown", "GraphQL shows that a comment is hidden, and that it is not any more.",
         DOCUMENTED, _GRAPHQL),
    _row("hidden-is-shown-in-rest", "REST shows that a comment is hidden, as `minimized`.", DOCUMENTED, _COMMENTS),
    _row("hiding-moves-updated-at", "Hiding a comment moves its `updated_at`.", REPORTED, _HIDING),
    _row("showing-moves-updated-at", "Showing a hidden comment again moves its `updated_at`.", REPORTED, _HIDING),
    _row("hiding-is-no-edit", "Hiding a comment neither moves `lastEditedAt` nor adds to its history.",
         UNSURE, _TRACKING),
    _row("reaction-is-made-once", "A reaction is made once: 201, then 200 with the same id.",
         DOCUMENTED, _REACTIONS),
    _row("own-reaction-is-shown", "`viewerHasReacted` says which reactions are ours.", DOCUMENTED, _GROUPS),
    _row("reaction-leaves-updated-at", "A reaction does not move a comment's `updated_at`.", UNSURE, _REACTIONS),
    _row("since-is-inclusive", "`since` lists also what was updated in that very second.", UNSURE, _COMMENTS),
    _row("since-is-by-update", "`since` goes by the last update, not by when a comment was written.",
         DOCUMENTED, _COMMENTS),
    _row("unchanged-list-is-304", "A list that has not changed answers 304 to its ETag.", DOCUMENTED, _CONDITIONAL),
    _row("unchanged-list-is-free", "A 304 does not count against the limit.", DOCUMENTED, _CONDITIONAL),
    _row("edit-changes-etag", "An edit of a comment changes the ETag of the list.",
         DOCUMENTED, _CONDITIONAL, answers("changed", 200, after="later_edit")),
    _row("hiding-changes-etag", "Hiding a comment changes the ETag of the list.",
         UNSURE, _CONDITIONAL, answers("hidden_list", 200, after="hide")),
    _row("limits-are-shown", "Every response has the headers of the rate limit.", DOCUMENTED, _LIMITS),
    _row("label-is-listed", "An issue is listed by its label.", DOCUMENTED, _ISSUES),
    _row("label-moves", "When a label is moved, the list of the label follows within two seconds.",
         UNSURE, _ISSUES),
    _row("repository-has-a-number", "A repository can also be called by its number.", REPORTED, _PAGES),
    _row("old-address-leads-on", "The old address of a transferred issue answers 301 with the new one.",
         DOCUMENTED, _ISSUES),
    _row("transfer-gives-another-id", "A transferred issue has another id.", REPORTED, _TRANSFER),
    _row("transfer-keeps-comments", "A transfer keeps comments, with authors, times and texts.",
         DOCUMENTED, _TRANSFER),
    _row("transfer-keeps-comment-ids", "A transfer keeps the ids of comments.", UNSURE, _TRANSFER),
    _row("transfer-keeps-labels", "A transfer keeps the labels that the other repository has too.",
         DOCUMENTED, _TRANSFER),
    _row("transfer-keeps-revisions", "A transfer keeps the edit history of the body.", UNSURE, _TRANSFER),
    _row("deleted-issue-is-gone", "A deleted issue answers 410.",
         DOCUMENTED, _ISSUES, answers("deleted_issue", 410, after="delete_issue")),
    _row("hidden-comment-is-told", "A webhook reports a hidden comment as `edited`, with an equal text.",
         REPORTED, _EVENTS),
    _row("deletion-is-told", "A webhook reports a deleted comment, and who deleted it.", DOCUMENTED, _EVENTS),
    _row("transfer-is-told", "A webhook reports a transfer to both repositories, with both issues.",
         DOCUMENTED, _EVENTS),
    _row("deliveries-come-unordered", "Deliveries may come late, twice or in another order.",
         DOCUMENTED, _EVENTS, cannot("nothing provokes it")),
    _row("deliveries-are-kept", "Failed deliveries can be asked for again for three days.",
         DOCUMENTED, _REDELIVERY, cannot("only an App can ask for its deliveries")),
    _row("issue-is-full", "An issue takes 2,500 comments; the next is refused with 403.",
         REPORTED, _COMMENTS, cannot("it takes 2,500 comments")),
    _row("limits-say-when", "A refusal for a limit says when to go on, or wants a minute.",
         DOCUMENTED, _LIMITS, cannot(_HARMFUL)),
    _row("edits-are-no-content", "Edits do not count towards the limit of new content.",
         UNSURE, _LIMITS, cannot(_HARMFUL)),
    _row("browsers-send-crlf", "Browsers send carriage returns, which the API does not add.",
         REPORTED, _COMMENTS, cannot("it takes a browser")),
    _row("removed-revision-is-null", "A revision that was removed from a history stays there without its text.",
         DOCUMENTED, _TRACKING, cannot("it takes a browser")),
    _row("mail-is-marked", "`createdViaEmail` marks a comment written by mail.",
         DOCUMENTED, _GRAPHQL, cannot("it takes a mail")),
    _row("ghost-has-no-author", "GraphQL shows no author of a comment whose account was deleted.",
         REPORTED, _GRAPHQL, cannot("an account would have to be deleted")),
    _row("edits-notify-nobody", "Edits and reactions notify nobody.",
         REPORTED, _NOTIFICATIONS, cannot("it takes a mailbox")),
)
# fmt: on
