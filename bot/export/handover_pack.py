"""The pack: a folder with the paper, the same as JSON and CSV, the letter's translations, and their checksums.

The paper is one HTML file to read and print, which loads nothing and runs nothing. Whoever checks a pack, offline,
learns whether its files are the ones that were made, and whether the numbers follow from the names.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import jinja2
import msgspec
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from bot.export import sanitized_html
from bot.export.chart import Growth, chart, growth_of
from bot.export.json_csv_and_atom import (
    CSV_COLUMNS,
    CSV_HEADER,
    DayRecord,
    LetterRecord,
    PackRecord,
    UnlistedRecord,
    csv_rows,
    format_json,
    is_neutralized,
    record_petition,
    record_signatures,
)
from bot.links import Pages, Site
from bot.petition.block.body import letter_digest
from bot.petition.block.sections import asked_not_to_be_listed
from bot.petition.i18n import ENGLISH, Translator, counted, template_values, translator
from bot.petition.tally import digest
from bot.petition.untrusted_text import drop_non_xml
from bot.store import PetitionExport
from bot.time_types import WholeEpochSeconds, iso, read_iso

PAPER: Final = "petition.html"
PDF: Final = "petition.pdf"
"""The name of the paper until 0.1.1."""
RECORD: Final = "petition.json"
TABLE: Final = "signatures.csv"
CHECKSUMS: Final = "SHA256SUMS"

IN_ONE_LIST: Final = 200
"""Names in one list with columns: Chromium takes minutes to print 100,000 of them in a single one."""

BUFFERED: Final = 1_000
"""Pieces of the template in one chunk."""


class NotEmpty(Exception):
    """The folder holds something already; name a new one, so that a pack never mixes with another."""


class NotAPack(Exception):
    """The folder holds no pack, or one that cannot be read."""


def record_pack(source: PetitionExport, pages: Pages, site: Site, made_at: WholeEpochSeconds) -> PackRecord:
    """Return the content of the pack's JSON file.

    A pack goes to others. So the key of a private petition is not in it: it opens what comes later, too.
    """
    details = source.details
    return PackRecord(
        made_at=iso(made_at),
        petition=record_petition(details.snapshot, replace(pages, key=None), site),
        withdrawn=source.withdrawn,
        withheld=len(details.snapshot.rules.removals),
        letters=[
            LetterRecord(digest=one.digest, seen_at=iso(one.seen_at), signed=one.count, text=one.text)
            for one in details.letters
        ],
        days=[
            DayRecord(f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}", count) for day, count in details.days
        ],
        signatures=record_signatures(source.entries, details.letters, site),
        unlisted=[UnlistedRecord(user_id, comment_id) for user_id, comment_id in source.unlisted],
    )


def make_files(
    source: PetitionExport, pages: Pages, site: Site, made_at: WholeEpochSeconds
) -> dict[str, Iterable[bytes]]:
    """Return the content of each file of the pack but its checksums, by name."""
    record = record_pack(source, pages, site, made_at)
    growth = growth_of(source.details, made_at)
    return {
        PAPER: paper(record, growth, translator(source.details.snapshot.rules.settings.language)),
        RECORD: (format_json(record).encode(),),
        TABLE: (CSV_HEADER.encode(), csv_rows(record.signatures).encode()),
        **{translation_file(one.language): (text.encode(),) for one, text in source.translations},
    }


def translation_file(language: str) -> str:
    """Return the name of a translation's file."""
    return f"letter.{language}.md"


def write(files: Mapping[str, Iterable[bytes]], folder: Path) -> None:
    """Write a pack and its checksums into a new or empty folder; raises NotEmpty and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty; choose a new folder, so that files of two packs never mix")
    _write(files, lambda name: (folder / name).open("wb"))


def write_zip(
    files: Mapping[str, Iterable[bytes]], target: IO[bytes], folder: str, made_at: WholeEpochSeconds
) -> None:
    """Write a pack and its checksums into a ZIP file, in a folder of this name."""
    at = datetime.fromtimestamp(made_at, UTC)
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)

    def create(name: str) -> IO[bytes]:
        entry = ZipInfo(f"{folder}/{name}", moment)
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        return archive.open(entry, "w", force_zip64=True)

    with ZipFile(target, "w") as archive:
        _write(files, create)


def _write(files: Mapping[str, Iterable[bytes]], create: Callable[[str], IO[bytes]]) -> None:
    checksums: dict[str, str] = {}
    for name, parts in files.items():
        total = hashlib.sha256()
        with create(name) as file:
            for part in parts:
                total.update(part)
                file.write(part)
        checksums[name] = total.hexdigest()
    with create(CHECKSUMS) as file:
        file.write(format_checksums(checksums).encode())


def format_checksums(checksums: Mapping[str, str]) -> str:
    """Format the SHA-256 of each file as `sha256sum` does, which can check them too."""
    return "".join(f"{checksums[name]}  {name}\n" for name in sorted(checksums))


# The paper


def paper(pack: PackRecord, growth: Growth, tr: Translator) -> Iterator[bytes]:
    """Return the paper in chunks; the same pack gives the same bytes."""
    petition, letters = pack.petition, pack.letters
    foot = f"{petition.repository} #{petition.number} · {tr.day_and_time(read_iso(pack.made_at))}"
    style = _TEMPLATES.get_template("paper.css").render(foot=_in_css(foot), page_number=_page_number(tr))
    parts = _TEMPLATES.get_template("paper.html").stream(
        template_values(tr),
        moment=lambda text: tr.date_and_time(read_iso(text)),
        pack=pack,
        petition=petition,
        style=Markup(style),  # noqa: S704 - ours, and what it quotes is escaped
        style_digest=b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        numbers=_numbers(pack, tr),
        unlisted=asked_not_to_be_listed(len(pack.unlisted), tr),
        chart=Markup(chart(growth, petition.title, tr, standalone=False)),  # noqa: S704 - it escapes what it is given
        chart_words=growth.in_words(tr),
        response=sanitized_html.render_response(petition.response.text) if petition.response else "",
        letter=_letter(letters[-1].text if letters else None),
        translations=[(one, translation_file(one.language)) for one in petition.translations],
        versions={one.digest: number for number, one in enumerate(letters, 1)} if len(letters) > 1 else {},
        in_one_list=IN_ONE_LIST,
    )
    parts.enable_buffering(BUFFERED)
    return (drop_non_xml(part).encode() for part in parts)


def _letter(text: str | None) -> Markup | None:
    if not text:
        return None
    # A closed <details> is not printed.
    return Markup(str(sanitized_html.render(text)).replace("<details", "<details open"))  # noqa: S704 - sanitized


def _numbers(pack: PackRecord, tr: Translator) -> Iterator[tuple[str, str]]:
    """Return numbers and what they are of."""
    numbers = [(pack.petition.count, tr.translate("Signatures"))]
    if pack.unlisted:
        numbers.append((len(pack.unlisted), tr.translate("Of these, not listed")))
    numbers.append((pack.withdrawn, tr.translate("Withdrawn")))
    if pack.withheld:
        numbers.append((pack.withheld, tr.translate("Removed by the organizers")))
    if pack.petition.goal:
        numbers.append((pack.petition.goal, tr.translate("Goal")))
    return ((tr.number(number), what) for number, what in numbers)


def _page_number(tr: Translator) -> Markup:
    """Return the number of a printed page as CSS counts it."""
    counters = {"\0": "counter(page)", "\1": "counter(pages)"}
    text = tr.translate("Page {number} of {total}", number="\0", total="\1")
    parts = (counters.get(part, f'"{_in_css(part)}"') for part in re.split("([\0\1])", text) if part)
    return Markup(" ".join(parts))  # noqa: S704 - what is not ours is escaped


def _in_css(text: str) -> str:
    """Escape text for a string in CSS."""
    return re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", text)


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("bot.export"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


# Checking


class PackReport(Struct, frozen=True):
    """The result of checking a pack; `faults` is empty where nothing is wrong."""

    title: str
    count: int
    faults: tuple[str, ...]
    unlisted: int = 0

    @property
    def agrees(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.faults

    def lines(self) -> list[str]:
        """Format it in words."""
        if self.faults:
            return ["The pack was changed or is incomplete:", *(f"  - {fault}" for fault in self.faults)]
        signatures = counted(self.count, "signature")
        return [
            f"{self.title}: {signatures}. Files, count, digest and letter agree.",
            *filter(None, [asked_not_to_be_listed(self.unlisted, translator(ENGLISH))]),
            "To check the comments on GitHub too: python -m bot verify OWNER/REPO#N",
        ]


def check_pack(folder: Path) -> PackReport:
    """Check the pack in a folder; raises NotAPack."""
    try:
        checksums: dict[str, str] = {}
        for path in folder.iterdir():
            if (path.name in _NAMES or _TRANSLATION.fullmatch(path.name)) and path.is_file():
                with path.open("rb") as file:
                    checksums[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
        content = {name: (folder / name).read_bytes() for name in (RECORD, CHECKSUMS, TABLE) if name in checksums}
    except OSError as error:
        raise NotAPack(f"{folder} cannot be read: {error.strerror}") from error
    if RECORD not in content:
        raise NotAPack(f"{folder} does not contain a pack: {RECORD} is missing")
    try:
        record = msgspec.json.decode(content[RECORD], type=PackRecord)
    except msgspec.DecodeError as error:
        faults = [*_changed_files(checksums, content.get(CHECKSUMS), ()), f"{RECORD} cannot be read: {error}"]
        return PackReport("", 0, tuple(faults))
    translations = {translation_file(one.language): one.sha256 for one in record.petition.translations}
    faults = [*_changed_files(checksums, content.get(CHECKSUMS), translations), *_contradictions(record)]
    faults += (
        f"{name} is not the translation whose checksum is in {RECORD}"
        for name, checksum in translations.items()
        if checksums.get(name, checksum) != checksum
    )
    if TABLE in content:
        faults += _differing_rows(record, content[TABLE])
    return PackReport(record.petition.title, record.petition.count, tuple(faults), len(record.unlisted))


_NAMES: Final = frozenset({PAPER, PDF, RECORD, TABLE, CHECKSUMS})
_TRANSLATION: Final = re.compile(r"letter\.[A-Za-z0-9-]{2,35}\.md")


def _changed_files(
    checksums: Mapping[str, str], listed: bytes | None, translations: Iterable[str]
) -> Iterator[str]:
    lines = (listed or b"").decode("utf-8", "replace").splitlines()
    expected = {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}
    papers = [name for name in (PAPER, PDF) if name in {*checksums, *expected}] or [PAPER]
    names = (RECORD, TABLE, *papers, *translations)
    yield from (f"{name} is missing" for name in (*names, CHECKSUMS) if name not in checksums)
    if listed is not None:
        changed = (name for name in names if name in checksums and checksums[name] != expected.get(name))
        yield from (f"{name} does not match its checksum in {CHECKSUMS}" for name in changed)


def _contradictions(record: PackRecord) -> Iterator[str]:
    petition, signatures, unlisted = record.petition, record.signatures, record.unlisted
    if petition.count != len(signatures) + len(unlisted):
        apart = f", and {len(unlisted):,} are not listed" if unlisted else ""
        yield f"its count is {petition.count:,}, but its list has {len(signatures):,}{apart}"
    if petition.unlisted != len(unlisted):
        yield f"it says that {petition.unlisted:,} are not listed, but has the account numbers of {len(unlisted):,}"
    pairs = [(one.user_id, one.comment_id) for one in signatures]
    pairs += [(one.user_id, one.comment_id) for one in unlisted]
    people = Counter(user_id for user_id, _ in pairs)
    yield from (f"account {user_id} is listed {times} times" for user_id, times in people.items() if times > 1)
    if petition.digest != digest(pairs):
        yield "the digest does not match the listed signatures"
    if sum(day.signatures for day in record.days) != petition.count:
        yield "the signatures of each day do not add up to the count"
    for letter in record.letters:
        if letter.text is not None and letter_digest(letter.text) != letter.digest:
            yield f"the letter of {letter.seen_at} does not match its checksum"
    if {one.letter for one in signatures if one.letter} - {letter.digest for letter in record.letters}:
        yield "a signature is for a version of the letter that is missing"
    if record.letters and petition.letter != record.letters[-1].digest:
        yield "the letter is not its latest version"


def _differing_rows(record: PackRecord, content: bytes) -> Iterator[str]:
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        yield f"{TABLE} cannot be read: {error}"
        return
    names = [name for name in CSV_COLUMNS if name != "letter" or record.version > 1]
    same = len(rows) == len(record.signatures) and all(
        row.keys() == set(names) and all(is_neutralized(row[name], getattr(one, name)) for name in names)
        for row, one in zip(rows, record.signatures, strict=True)
    )
    if not same:
        yield f"{TABLE} does not list the same signatures as {RECORD}"
