"""What a command tells GitHub Actions where a workflow runs it.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from pathlib import Path

from bot.cli.command_base import ENVIRONMENT


def is_workflow() -> bool:
    """Return whether GitHub Actions runs this."""
    return ENVIRONMENT.get("GITHUB_ACTIONS") == "true"


def annotate(kind: str, text: str, title: str = "") -> None:
    """Print an annotation, an `error`, a `warning` or a `notice`."""
    named = f" title={_property(title)}" if title else ""
    print(f"::{kind}{named}::{_message(text)}")


def add_to_summary(markdown: str) -> None:
    """Add to the run's summary, if there is one."""
    if summary := ENVIRONMENT.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(markdown)
        except OSError as error:
            # What was to be done is done: nobody has to mend anything.
            annotate("warning", f"The summary cannot be written: {error.strerror}.")


def add_output(name: str, value: str) -> None:
    """Set an output of the step, which later steps can read; both are words of ours on one line."""
    if output := ENVIRONMENT.get("GITHUB_OUTPUT"):
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


def _message(text: str) -> str:
    """Return a text as a workflow command takes it: what strangers wrote begins no command of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
