"""The action and its workflows: nothing of an event reaches a shell, and the steps count as a shell runs them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from sandbox.api.limits import Limits
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.deploy.bare import plain_environment
from tests.emissions import RUN
from tests.whole.scene import said

ROOT = Path(__file__).parents[2]
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
EXAMPLES = ("deploy/petition.yml", "deploy/petition-schedule.yml")
PAGES = "deploy/petition-pages.yml"
HOSTILE = '"; touch pwned; $(touch pwned) `touch pwned` \n::error::forged\n/sign'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PYTHON = """#!/bin/bash
# Stands in for the runner's Python: makes an environment that holds what the tests have, and asks no registry.
set -eu
if [[ ${1-} == -m && ${2-} == venv ]]; then
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
elif [[ ${1-} == -m && ${2-} == pip ]]; then
    printf '%s\\n' "$@" >"$RUNNER_TEMP/installed"
else
    exec PYTHON "$@"
fi
"""


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


class Job:
    """A job with the action as its only step, on a runner of its own; the cache outlives it."""

    def __init__(self, github: Sandbox, folder: Path, *, site: str = "false", **permissions: str) -> None:
        self.github, self.folder, self.cache = github, folder, folder / "cache"
        self.site, self.permissions = site, permissions
        self.runs = 0
        self.output = ""
        """The action's own output after a run, and `uploaded` the folder that went to GitHub Pages."""
        self.uploaded: Path | None = None

    async def run(self, event: Mapping[str, object]) -> tuple[int, str]:
        """Run the steps as a runner does; return the exit code of the first that fails, and all that they say."""
        self.runs += 1
        runner = self.folder / f"runner {self.runs}"
        (runner / "bin").mkdir(parents=True)
        (runner / "work").mkdir()
        python = runner / "bin" / "python"
        python.write_text(PYTHON.replace("PYTHON", sys.executable), "utf-8")
        python.chmod(0o755)
        (runner / "event.json").write_text(json.dumps(event), "utf-8")
        token = self.github.workflow_token(None, **self.permissions)
        RUN.give(token)
        environment = plain_environment() | {
            "PATH": f"{runner / 'bin'}:{os.environ['PATH']}",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_EVENT_NAME": "issue_comment",
            "GITHUB_EVENT_PATH": str(runner / "event.json"),
            "GITHUB_OUTPUT": str(runner / "output"),
            "GITHUB_REPOSITORY": "lovelace/letters",
            "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
            "RUNNER_TEMP": str(runner),
        }
        values = {"github.token": token, "runner.temp": str(runner)} | {
            "github.run_id": "1000", "github.run_attempt": str(self.runs)
        }  # fmt: skip
        for name, one in ACTION["inputs"].items():
            values[f"inputs.{name}"] = filled(one["default"], values)
        values["inputs.site"] = self.site
        text, failed, self.uploaded = "", 0, None
        for step in STEPS:
            is_always = step.get("if") == "${{ !cancelled() }}"
            if not is_always and (failed or not is_wanted(step.get("if", ""), values)):
                continue
            if "uses" in step:
                self._use(step, values)
                continue
            more = {name: filled(value, values) for name, value in step.get("env", {}).items()}
            code, said_now = await shell(step["run"], environment | more, runner / "work")
            text += said_now
            failed = failed or code
            if (runner / "output").exists():
                for line in (runner / "output").read_text("utf-8").splitlines():
                    name, _, value = line.partition("=")
                    values.setdefault(f"steps.{step['id']}.outputs.{name}", value)
                (runner / "output").unlink()
        self.output = values.get(expression(ACTION["outputs"]["site"]["value"]), "")
        return failed, text

    def _use(self, step: Mapping[str, Any], values: Mapping[str, str]) -> None:
        """Do what an action of GitHub's does that matters here: bring what is in the cache, or keep it there."""
        name, path = step["uses"].partition("@")[0], filled(step.get("with", {}).get("path", ""), values)
        if name == "actions/cache/restore" and self.cache.exists():
            shutil.copytree(self.cache, path)
        elif name == "actions/cache/save":
            shutil.rmtree(self.cache, ignore_errors=True)
            shutil.copytree(path, self.cache)
        elif name == "actions/upload-pages-artifact":
            self.uploaded = Path(path)
            assert (self.uploaded / "index.html").is_file()


def filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in expressions as GitHub does; an unknown one is a mistake."""
    return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: values[match[1]], str(text))


def expression(text: str) -> str:
    (found,) = re.findall(r"\$\{\{ (\S+) \}\}", text)
    return str(found)


def is_wanted(condition: str, values: Mapping[str, str]) -> bool:
    """Evaluate the condition of a step, as far as ours go; what was never set is an empty text."""
    parts = [re.fullmatch(r"([\w.]+) == '(\w+)'", part) for part in condition.split(" && ")] if condition else []
    assert all(parts)
    return all(part is not None and values.get(part[1], "") == part[2] for part in parts)


async def shell(script: str, environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run a script as `shell: bash` does."""
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
    process = await asyncio.create_subprocess_exec(
        "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script,
        env=dict(environment), cwd=folder, stdout=PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode is not None
    return process.returncode, out.decode()


def event_of(petition: Issue, text: str) -> dict[str, object]:
    return {"action": "created", "comment": {"body": text}, "issue": {"number": petition.number, "title": text}}


async def test_the_steps_count_as_a_shell_runs_them(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    github.comment(petition, "ada", "/sign Ada Lovelace")
    job = Job(github, tmp_path)
    code, out = await job.run(event_of(petition, HOSTILE))
    assert code == 0, out
    assert "lovelace/letters#1: 1 signature." in out
    assert (said(petition), petition.edits[-1].editor.login) == (1, "github-actions[bot]")
    runner = tmp_path / "runner 1"
    assert (runner / "summary.md").read_text("utf-8").startswith("- lovelace/letters#1: 1 signature.\n")
    assert not [*tmp_path.rglob("pwned"), *ROOT.glob("pwned")]  # noqa: ASYNC240
    installed = (runner / "installed").read_text("utf-8").splitlines()
    assert "--require-hashes" in installed
    assert installed[-1] == str(ROOT / "requirements.txt")
    code, out = await job.run(event_of(petition, HOSTILE))
    assert "0 issues updated, 0 reactions" in out


async def test_a_step_fails_where_somebody_must_mend_something(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    code, out = await Job(github, tmp_path, issues="read").run(event_of(petition, "/sign"))
    assert code == 1
    assert "Add `issues: write` under `permissions:`" in out


async def test_the_pages_are_uploaded_where_they_are_wanted(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition("Open the archive")
    github.comment(petition, "ada", "/sign Ada Lovelace")
    without = Job(github, tmp_path / "without")
    assert (await without.run({}))[0] == 0
    assert (without.uploaded, without.output) == (None, "")
    job = Job(github, tmp_path / "with", site="true")
    code, out = await job.run(event_of(petition, HOSTILE))
    assert (code, job.output) == (0, "true"), out
    assert job.uploaded is not None
    assert "Ada Lovelace" in (job.uploaded / "petitions/lovelace/letters/1/index.html").read_text("utf-8")


async def test_a_run_that_could_not_count_everything_replaces_no_pages(github: Sandbox, tmp_path: Path) -> None:
    github.comment(github.petition(), "ada")
    github.rate_limiter.limits = Limits(primary=3)
    job = Job(github, tmp_path, site="true")
    code, out = await job.run({})
    assert (code, job.uploaded, job.output) == (0, None, ""), out
    assert "Some work is left" in out


async def test_a_petition_that_somebody_must_mend_keeps_nobody_on_the_pages(
    github: Sandbox, tmp_path: Path
) -> None:
    petition = github.petition("Open the archive")
    comments = [github.comment(petition, login, "/sign") for login in ("ada-of-ockham", "grace-of-yale")]
    job = Job(github, tmp_path, site="true")
    assert (await job.run({}))[0] == 0
    github.comments.delete(comments[0], comments[0].user)
    job.permissions = {"issues": "read"}
    code, out = await job.run({})
    assert (code, job.output) == (1, "true"), out
    assert "::error title=lovelace/letters#1::" in out
    assert job.uploaded is not None
    page = (job.uploaded / "petitions/lovelace/letters/1/index.html").read_text("utf-8")
    assert ("ada-of-ockham" in page, "grace-of-yale" in page) == (False, True)


async def test_no_pages_are_made_where_the_settings_could_not_be_read(tmp_path: Path) -> None:
    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if "/contents/" in request.path:
            return web.json_response({"message": "Resource not accessible by integration"}, status=403)
        return await handler(request)

    sandbox = Sandbox()
    sandbox.app.middlewares.append(refuse)
    await sandbox.start()
    try:
        petition = sandbox.petition()
        sandbox.comment(petition, "ada", "/sign")
        sandbox.repositories.write_file(petition.repository, ".github/petition.yml", "roster: private")
        job = Job(sandbox, tmp_path, site="true")
        code, out = await job.run({})
        assert (code, job.output, job.uploaded) == (1, "", None), out
        assert "Add `contents: read` under `permissions:`" in out
    finally:
        await sandbox.stop()


async def test_a_repository_that_has_become_private_has_a_front_page_alone(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition("Open the archive")
    github.comment(petition, "ada", "/sign Ada Lovelace")
    job = Job(github, tmp_path, site="true")
    await job.run({})
    github.repositories.privatize(petition.repository, petition.repository.owner)
    code, out = await job.run({})
    assert (code, job.output) == (0, "true"), out
    assert job.uploaded is not None
    names = {path.name for path in job.uploaded.rglob("*") if path.is_file()}
    assert names == {".undersigned-site", "index.html", "mark.svg", "roster.css"}
    assert "Open the archive" not in (job.uploaded / "index.html").read_text("utf-8")


async def test_a_run_that_fails_takes_what_was_deleted_out_of_the_cache(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    comment = github.comment(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    job = Job(github, tmp_path)
    await job.run(event_of(petition, "/sign"))
    github.comments.delete(comment, comment.user)
    job.permissions = {"issues": "read"}
    code, out = await job.run(event_of(petition, "/sign"))
    assert code == 1, out
    assert b"Analytical" not in (job.cache / "petitions.db").read_bytes()


async def test_a_damaged_cache_fails_no_run(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    job = Job(github, tmp_path)
    await job.run(event_of(petition, "/sign"))
    (job.cache / "petitions.db").write_bytes(b"damaged" * 1000)
    github.comment(petition, "ada")
    code, out = await job.run(event_of(petition, "/sign"))
    assert (code, said(petition)) == (0, 1), out


def test_no_expression_reaches_a_shell() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]
    assert "github.event" not in (ROOT / "action.yml").read_text("utf-8")


def test_what_the_action_uses_is_pinned_by_commit() -> None:
    lines = [line for line in (ROOT / "action.yml").read_text("utf-8").splitlines() if "uses:" in line]
    lines += [line for line in (ROOT / PAGES).read_text("utf-8").splitlines() if "uses: actions/" in line]
    assert len(lines) == 5
    assert all(re.search(r"uses: actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in lines)


def test_each_run_keeps_a_database_of_its_own() -> None:
    restored, saved = [step["with"] for step in STEPS if step.get("uses", "").startswith("actions/cache/")]
    assert "${{ github.run_id }}" in saved["key"]
    assert saved["key"].startswith(restored["restore-keys"])
    assert (restored["path"], restored["key"]) == (saved["path"], saved["key"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_short_may_write_issues_alone_and_cancels_no_run(example: str) -> None:
    text = (ROOT / example).read_text("utf-8")
    # YAML reads `on` as true.
    workflow: Any = {str(key): value for key, value in yaml.safe_load(text).items()}
    assert len(text.splitlines()) <= 25
    assert workflow["permissions"] == {"contents": "read", "issues": "write"}
    assert workflow["concurrency"] == {"group": "petition", "cancel-in-progress": False}
    assert text.count("OWNER/REPO@") == 1
    assert "run:" not in text


def test_the_example_for_events_leaves_out_pull_requests_alone() -> None:
    workflow: Any = yaml.safe_load((ROOT / EXAMPLES[0]).read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    assert job["if"] == "${{ !github.event.issue.pull_request }}"
    assert set(workflow[True]) == {"issue_comment", "issues", "workflow_dispatch"}


def test_the_example_for_pages_gives_each_job_only_what_it_needs() -> None:
    text = (ROOT / PAGES).read_text("utf-8")
    workflow: Any = {str(key): value for key, value in yaml.safe_load(text).items()}
    assert len(text.splitlines()) <= 25
    assert set(workflow["True"]) == {"schedule", "workflow_dispatch"}
    assert workflow["permissions"] == {}
    assert workflow["concurrency"] == {"group": "petition", "cancel-in-progress": False}
    count, deploy = workflow["jobs"]["count"], workflow["jobs"]["deploy"]
    assert count["permissions"] == {"contents": "read", "issues": "write"}
    assert deploy["permissions"] == {"id-token": "write", "pages": "write"}
    assert [step["uses"].partition("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    assert count["steps"][0]["with"] == {"site": True}
    # Also after a count that has failed: what the action uploaded is to be published.
    wanted = "${{ !cancelled() && needs.count.outputs.site == 'true' }}"
    assert (deploy["needs"], deploy["if"]) == ("count", wanted)
    assert expression(count["outputs"]["site"]) == f"steps.{count['steps'][0]['id']}.outputs.site"
    assert text.count("OWNER/REPO@") == 1
    assert "run:" not in text
