"""GitHub's JSON for a repository: some eighty fields, most of them addresses; pure."""

from __future__ import annotations

from sandbox.nouns import JsonObject, Repository
from sandbox.shapes import Urls, repository_url, timestamp, user

_ADDRESSES = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}


def repository(urls: Urls, of: Repository) -> JsonObject:
    """Show a repository in full, as deliveries and `GET /repos/{owner}/{repo}` do."""
    url = repository_url(urls, of)
    page = f"{urls.web}/{of.full_name}"
    open_issues = sum(
        1 for one in of.issues.values() if one.state == "open" and not one.deleted and not one.moved_to
    )
    return {
        "id": of.id,
        "node_id": of.node_id,
        "name": of.name,
        "full_name": of.full_name,
        "private": of.private,
        "owner": user(urls, of.owner),
        "html_url": page,
        "description": of.description,
        "fork": False,
        "url": url,
        **{key: f"{url}/{path}" for key, path in _ADDRESSES.items()},
        "created_at": timestamp(of.created_at),
        "updated_at": timestamp(of.updated_at),
        "pushed_at": timestamp(of.created_at),
        "git_url": f"git://localhost/{of.full_name}.git",
        "ssh_url": f"git@localhost:{of.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "size": 1,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": of.has_issues,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": of.archived,
        "disabled": False,
        "open_issues_count": open_issues,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if of.private else "public",
        "forks": 0,
        "open_issues": open_issues,
        "watchers": 0,
        "default_branch": "main",
    }
