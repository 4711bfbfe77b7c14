"""The load generator, as the benchmarks see it: a process that they send orders to."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from benchmarks.load import Order, Outcome
from benchmarks.machine import ROOT
from benchmarks.servers import end


@dataclass(slots=True)
class Generator:
    """Sends deliveries, each of another comment by another person."""

    process: subprocess.Popen[str]
    sent: int = 0

    def send(self, port: int, connections: int, requests: int) -> Outcome:
        """Send so many deliveries to a server over so many connections at once."""
        order = Order((port,), connections, requests, self.sent)
        self.sent += requests
        return self.carry_out(order)

    def carry_out(self, order: Order) -> Outcome:
        """Carry out an order; `first` must be a number not sent yet."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(asdict(order)), file=self.process.stdin, flush=True)
        return Outcome(**json.loads(self.process.stdout.readline()))


@contextmanager
def generator() -> Iterator[Generator]:
    """Run a load generator until the context ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Generator(process)
    finally:
        end(process)  # type: ignore[arg-type] # one that speaks text ends in the same way
