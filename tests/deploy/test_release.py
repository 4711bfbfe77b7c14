"""A release: the tag agrees with version and CHANGELOG, and of the workflows one job alone may write contents."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
EXAMPLES = [
    file for file in sorted((ROOT / "deploy").glob("*.yml")) if "jobs" in yaml.safe_load(file.read_text("utf-8"))
]
ACTIONS = [ROOT / "action.yml", ROOT / "recount/action.yml"]
RELEASE = ROOT / ".github/workflows/release.yml"

CHANGELOG = """# Changelog

For people who run the bot.

## {title}

- Comments are counted.

### Mended

- `## not a heading` of a section.

## 0.1.1 — 30 November 2026

- Older.
"""


def load(file: Path) -> dict[str, Any]:
    """Return a workflow; YAML reads `on` as true."""
    return {"on" if key is True else key: value for key, value in yaml.safe_load(file.read_text("utf-8")).items()}


def release(folder: Path, tag: str, version: str, changelog: str) -> tuple[int, str, str]:
    """Run `.ci/release` in a copy of the project that has this version and CHANGELOG."""
    (folder / ".ci").mkdir()
    script = folder / ".ci/release"
    script.write_text((ROOT / ".ci/release").read_text("utf-8"), "utf-8")
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', "utf-8")
    (folder / "CHANGELOG.md").write_text(changelog, "utf-8")
    done = subprocess.run(
        [sys.executable, str(script), tag, str(folder / "notes.md")], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("version", "moving"), [("0.2.0", "v0.2"), ("0.12.3", "v0.12"), ("1.0.0", "v1"), ("10.4.2", "v10")]
)
def test_the_notes_are_the_newest_section(tmp_path: Path, version: str, moving: str) -> None:
    changelog = CHANGELOG.format(title=f"{version} — 2 December 2026")
    assert release(tmp_path, f"v{version}", version, changelog) == (0, f"{moving}\n", "")
    notes = (tmp_path / "notes.md").read_text("utf-8")
    assert notes.startswith("- Comments are counted.\n")
    assert notes.endswith("of a section.\n")


@pytest.mark.parametrize(
    ("tag", "version", "title", "told"),
    [
        ("v0.2.1", "0.2.0", "0.2.0 — 2 December 2026", "the tag is v0.2.1, and pyproject.toml has version 0.2.0"),
        ("v0.2.0", "0.2.0", "Unreleased", "the newest section of CHANGELOG.md is 'Unreleased'"),
        ("v0.2.0", "0.2.0", "0.1.9 — 2 December 2026", "not '0.2.0 — DAY MONTH YEAR'"),
        ("v0.2.0", "0.2.0", "0.2.0", "not '0.2.0 — DAY MONTH YEAR'"),
        ("v0.2.0rc1", "0.2.0rc1", "0.2.0rc1 — 2 December 2026", "is not a tag of a release"),
    ],
)
def test_nothing_is_released_where_they_disagree(
    tmp_path: Path, tag: str, version: str, title: str, told: str
) -> None:
    code, out, err = release(tmp_path, tag, version, CHANGELOG.format(title=title))
    assert (code, out) == (1, "")
    assert told in err
    assert not (tmp_path / "notes.md").exists()


@pytest.mark.parametrize(
    "changelog", ["", "# Changelog\n", "## 0.2.0 — 2 December 2026\n\n## 0.1.1 — 1 May 2026\n\nOld.\n"]
)
def test_a_release_without_notes_is_none(tmp_path: Path, changelog: str) -> None:
    code, _, err = release(tmp_path, "v0.2.0", "0.2.0", changelog)
    assert code == 1
    assert "section of CHANGELOG.md is empty" in err


def grants() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Give the permissions of each workflow and of each of its jobs."""
    for file in (*WORKFLOWS, *EXAMPLES):
        workflow = load(file)
        yield file.name, "", workflow["permissions"]
        for name, job in workflow["jobs"].items():
            yield file.name, name, job.get("permissions", {})


def test_the_job_that_publishes_alone_may_write_contents() -> None:
    assert len({file for file, _, _ in grants()}) == len(WORKFLOWS) + len(EXAMPLES) >= 5
    writing = {(file, job) for file, job, may in grants() if may.get("contents") == "write"}
    assert writing == {("release.yml", "publish")}
    assert {(file, job) for file, job, may in grants() if may.get("packages") == "write"} == {
        ("release.yml", "image")
    }
    assert all(isinstance(may, dict) for _, _, may in grants()), "write-all is no list of permissions"


def test_a_release_begins_with_a_tag_alone_and_the_moving_tag_begins_none() -> None:
    assert load(RELEASE)["on"] == {"push": {"tags": ["v*.*.*"]}}
    others = [load(file)["on"] for file in WORKFLOWS if file != RELEASE]
    assert not [on for on in others if "tags" in ((on.get("push") or {}) if isinstance(on, dict) else {})]


def test_nothing_is_published_before_the_gate() -> None:
    jobs = load(RELEASE)["jobs"]
    assert jobs["gate"]["uses"] == "./.github/workflows/ci.yml"
    assert "run: .ci/run" in (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    assert "workflow_call" in load(ROOT / ".github/workflows/ci.yml")["on"]
    assert set(jobs["image"]["needs"]) == {"gate", "prepare"}
    assert set(jobs["publish"]["needs"]) == {"prepare", "image"}
    assert load(RELEASE)["permissions"] == {}


def test_what_publishes_runs_no_code_of_the_repository() -> None:
    used = [step["uses"] for step in load(RELEASE)["jobs"]["publish"]["steps"] if "uses" in step]
    assert [name.partition("@")[0] for name in used] == ["actions/download-artifact"]


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_expression_reaches_a_shell_and_every_action_is_pinned(file: Path) -> None:
    text = file.read_text("utf-8")
    jobs = load(file).get("jobs", {"": load(file).get("runs", {})})
    steps = [step for job in jobs.values() for step in job.get("steps", [])]
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]
    used = [line for line in re.findall(r"uses: (.+)", text) if not line.startswith("./")]
    assert all(re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in used), used


def run_steps(job: str, names: set[str], folder: Path, **environment: str) -> str:
    """Run the named steps of a job of the release as a shell does; return what they gave to later ones."""
    output = folder / "output"
    variables = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "GITHUB_OUTPUT": str(output)} | environment
    ran = set()
    for step in load(RELEASE)["jobs"][job]["steps"]:
        if step.get("name") in names:
            bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            subprocess.run(bash, env=variables, cwd=folder, check=True)
            ran.add(step["name"])
    assert ran == names
    return output.read_text("utf-8") if output.exists() else ""


def test_the_notes_and_the_moving_tag_are_made_as_a_shell_runs_the_step(tmp_path: Path) -> None:
    changelog = CHANGELOG.format(title="0.2.0 — 2 December 2026")
    assert release(tmp_path, "v0.2.0", "0.2.0", changelog)[0] == 0
    (tmp_path / ".ci/release").chmod(0o755)
    assert run_steps("prepare", {"Notes"}, tmp_path, GITHUB_REF_NAME="v0.2.0") == "moving-tag=v0.2\n"
    assert (tmp_path / "parts/notes.md").read_text("utf-8").startswith("- Comments are counted.")
    (tmp_path / "parts").rename(tmp_path / "earlier")
    with pytest.raises(subprocess.CalledProcessError):
        run_steps("prepare", {"Notes"}, tmp_path, GITHUB_REF_NAME="v0.2.1")


def test_the_image_is_named_as_a_registry_takes_it(tmp_path: Path) -> None:
    named = run_steps("image", {"Name"}, tmp_path, GITHUB_REPOSITORY="Lovelace/Letters", GITHUB_REF_NAME="v0.2.0")
    assert named == "name=ghcr.io/lovelace/letters\nversion=0.2.0\n"


def test_the_steps_that_publish_do_as_a_shell_runs_them(tmp_path: Path) -> None:
    """`gh` is a script that writes down what it was asked; GitHub has no moving tag yet."""
    gh = tmp_path / "gh"
    gh.write_text(
        '#!/bin/bash\nprintf "%s\\n" "$*" >>"$ASKED"\n'
        '[[ $* == *matching* ]] && printf "refs/tags/%s\\n" $TAGS\n[[ $* != *PATCH* && $* != *view* ]]\n',
        "utf-8",
    )
    gh.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "ASKED": str(tmp_path / "asked"),
        "GITHUB_REF_NAME": "v0.2.10",
        "TAGS": "v0.2.9 v0.2.10",
        "GITHUB_REPOSITORY": "lovelace/undersigned",
        "GITHUB_SHA": "a" * 40,
        "MOVING_TAG": "v0.2",
    }
    run_steps("publish", {"Release", "Moving tag"}, tmp_path, **environment)
    _, created, _, moved, made = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert created.startswith("release create v0.2.10 --repo lovelace/undersigned --verify-tag")
    assert created.endswith("--notes-file notes.md sbom.json licences.txt")
    assert moved == (
        f"api --method PATCH repos/lovelace/undersigned/git/refs/tags/v0.2 -f sha={'a' * 40} -F force=true --silent"
    )
    assert made == (
        f"api --method POST repos/lovelace/undersigned/git/refs -f ref=refs/tags/v0.2 -f sha={'a' * 40} --silent"
    )
    (tmp_path / "asked").unlink()
    run_steps("publish", {"Moving tag"}, tmp_path, **environment | {"GITHUB_REF_NAME": "v0.2.9"})
    (listed,) = (tmp_path / "asked").read_text("utf-8").splitlines()
    assert "matching-refs/tags/v0.2." in listed


def test_the_project_has_no_address_yet() -> None:
    """Each file for others names OWNER/REPO once as an address, and docs/WORKFLOW.md lists these places."""
    listed = (ROOT / "docs/WORKFLOW.md").read_text("utf-8").partition("## For whoever publishes this project")[2]
    for file in (*EXAMPLES, ROOT / "recount/action.yml"):
        lines = [line for line in file.read_text("utf-8").splitlines() if "OWNER/REPO" in line.partition("#")[0]]
        lines = [line for line in lines if "description" not in line]
        assert len(lines) == 1, file
        assert f"../{file.relative_to(ROOT)}" in listed
