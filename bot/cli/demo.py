"""The command that shows everything on one machine: the bot and a GitHub side by side."""

from __future__ import annotations

import argparse

from bot import config, demo, logs
from bot.cli.command import CliCommand, run


def _demo(options: argparse.Namespace) -> int:
    # In a replay every token expires within the second; that heals, and is no news.
    logs.configure(options.log_level or ("error" if options.replay else "warning"), None)
    if options.replay:
        return run(demo.replay(options.replay, speed=options.speed, port=options.port))
    return run(
        demo.demo(port=options.port, signers=options.signers, browser=options.browser, faults=options.faults)
    )


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--signers", type=_positive, metavar="N", help="sign up N invented people, print the resulting body and end"
    )
    parser.add_argument(
        "--faults", type=int, nargs="?", const=0, metavar="SEED",
        help="give GitHub a bad day: lost, late and doubled deliveries, errors, limits; a seed gives another day",
    )  # fmt: skip
    parser.add_argument(
        "--replay", choices=("2018",), metavar="LETTER",
        help="let invented people sign when people signed the letter of 2018, from label to closing, and end",
    )  # fmt: skip
    parser.add_argument(
        "--speed", type=_positive, default=10_000, metavar="N",
        help="replay N times as fast as it was; quiet stretches are cut short (default: 10000)",
    )  # fmt: skip
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--port", type=int, default=None, metavar="PORT", help="port of the page (default: 8000 or a free one)"
    )
    parser.add_argument("--log-level", choices=config.LOG_LEVELS, help="default: warning; error in a replay")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


COMMANDS = {"demo": CliCommand(_demo, _demo_arguments)}
