"""What `export` prints."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest

from bot.cli.petition_commands import FORMATS, export
from bot.export.json_csv_and_atom import BYTE_ORDER_MARK
from bot.links import Site
from bot.store import PetitionExport
from tests.export.conftest import AT, NAMES, PAGES


def exported(whole: PetitionExport, form: str) -> str:
    return export(whole, form, PAGES, Site(), AT // 86_400)


def test_a_table_has_everybody_and_no_formula(whole: PetitionExport) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(whole, "csv").removeprefix(BYTE_ORDER_MARK), newline="")))
    assert [row["name"] for row in rows] == list(NAMES.values())[:-1]
    assert {row["affiliation"] for row in rows} == {"'=1+1"}


def test_json_has_everybody(whole: PetitionExport) -> None:
    found = json.loads(exported(whole, "json"))
    assert [one["login"] for one in found["signatures"]] == list(NAMES)[:-1]
    assert found["next"] is None


@pytest.mark.parametrize("form", sorted({*FORMATS} - {"csv", "json"}))
def test_the_other_forms_are_well_formed(whole: PetitionExport, form: str) -> None:
    assert ET.fromstring(exported(whole, form)) is not None  # noqa: S314 - our own
