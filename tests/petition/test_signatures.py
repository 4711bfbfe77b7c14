"""Signatures as people type them: names, affiliations and reasons, and what is none of these."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from bot.petition.block.sections import example_of
from bot.petition.comments import word_lists
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import ATTEMPT, Command, Phrase, Sign, Unsign, restore
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.comments.name_or_prose import says_something_unusual
from bot.petition.i18n import LANGUAGES, translator
from bot.petition.settings import Detail

NOTHING = Sign()


def names(*typed: str | tuple[str, str]) -> list[tuple[str, Sign]]:
    return [(one, NOTHING) if isinstance(one, str) else (one[0], Sign(one[1])) for one in typed]


def check(body: str, expected: Command | None) -> None:
    assert parse(body) == expected
    # A plain line is read on a shorter way.
    assert parse(f"\n{body}") == expected


# --- withdrawing on the same line --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        *["/sign /unsign", "/sign Ada /unsign", "/sign: Ada, /Unsign", "/unsign /sign", "/sign (/unsign)"],
        *["/sign Ada\n/sign Ada /unsign", "/sign，/unsign", "/sign /unsign Ada", "/sign /unsign."],
    ],
)
def test_on_one_line_withdrawing_wins(body: str) -> None:
    check(body, Unsign())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/unsign\n/sign", Sign()),
        ("/sign\n/unsign", Unsign()),
        ("/sign /sign Ada", Sign("Ada")),
        ("/sign Ada /unsigned", Sign("Ada /unsigned")),
        ("/sign Ada/unsign", Sign("Ada/unsign")),
        (
            "/sign Ada\nIt is `/unsign` that I will not write.",
            Sign("Ada", None, "It is `/unsign` that I will not write."),
        ),
    ],
)
def test_on_two_lines_the_last_decides(body: str, expected: Command) -> None:
    check(body, expected)


# --- details that are no name ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        *[
            "me up",
            "please",
            "me",
            "me up please",
            "this",
            "this letter",
            "the petition, please",
            "it!",
            "here",
            "now",
        ],
        *["me in please", "my name", "thanks", "Thank you!", "yes", "Yes, please.", "with pleasure", "as well"],
        *["under my name", "n/a", "none", "TBD"],
        *["bitte", "mich bitte", "diesen Brief", "s'il vous plaît", "moi aussi", "por favor", "per favore", "aub"],
        *["proszę", "будь ласка", "من فضلك", "お願いします", "支持", "我支持", "谢谢"],
    ],
)
def test_words_that_say_nothing_sign_under_the_login(typed: str) -> None:
    check(f"/sign {typed}", NOTHING)


@pytest.mark.parametrize(
    "typed",
    [
        *["Your Name", "<Name>", "YOUR NAME", "your name here", "<your name>", "[Name]", "{name}", "(your name)"],
        *["Your_Name", "Full Name", "First Last", "Firstname Lastname", "Name", "<Your Name>, <Your Organization>"],
        *["Your Name, Your Affiliation", "Name, Affiliation", "Name (Affiliation)", "[Insert name here]"],
        *["Ihr Name", "Vorname Nachname", "Votre nom", "Tu nombre", "Seu nome", "Il tuo nome", "Je naam"],
        *["Imię i nazwisko", "Ваше ім'я", "اسمك", "お名前", "你的名字", "姓名，单位"],
    ],
)
def test_what_stands_for_a_name_is_none(typed: str) -> None:
    check(f"/sign {typed}", NOTHING)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("show", [{Detail.NAME}, set(Detail)], ids=["a name", "everything"])
def test_the_example_in_the_block_signs_under_the_login(language: str, show: set[Detail]) -> None:
    example = example_of(show, translator(language))
    assert example.startswith("/sign ")
    check(example, NOTHING)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *[
            (f"{words} Nora Quill", "Nora Quill")
            for words in ("as", "my name is", "My name is", "me up as", "I am")
        ],
        *[
            (f"{words} Nora Quill", "Nora Quill")
            for words in ("I'm", "this as", "in the name of", "name:", "with my name")
        ],
        *[(f"{words} Nora Quill", "Nora Quill") for words in ("als", "ich heiße", "mein Name ist", "je m'appelle")],
        *[
            (f"{words} Nora Quill", "Nora Quill")
            for words in ("como", "me llamo", "mi chiamo", "jako", "мене звати")
        ],
        *[
            ("as nora quill", "nora quill"),
            ("my name is nora", "nora"),
            ("اسمي ليلى", "ليلى"),
            ("我叫李云", "李云"),
        ],
        *[("私は山田です", "山田"), ("山田と申します", "山田"), ("Nora Quill please", "Nora Quill")],
        *[("Nora Quill, thanks!", "Nora Quill"), ("please, Nora Quill", "Nora Quill"), ("AS Roma", "AS Roma")],
        *[
            ("No Rogers", "No Rogers"),
            ("Not Vital", "Not Vital"),
            ("Mai Nguyen", "Mai Nguyen"),
            ("Van Do", "Van Do"),
        ],
        *[
            ("I Made Wiryana", "I Made Wiryana"),
            ("If Kessler", "If Kessler"),
            ("Will Power", "Will Power"),
            ("Como Park", "Como Park"),
            ("I, Nora Quill", "Nora Quill"),
        ],
        *[
            (f"{words} Nora Quill", "Nora Quill")
            for words in (
                "on behalf of",
                "im Namen von",
                "au nom de",
                "en nombre de",
                "=>",
                "=",
                "->",
                "|",
                "name=",
            )
        ],
    ],
)
def test_the_name_is_what_follows(typed: str, name: str) -> None:
    check(f"/sign {typed}", Sign(name))


@pytest.mark.parametrize(
    "typed",
    [
        *[
            "No way!",
            "no way",
            "No",
            "never!",
            "Not me",
            "nope",
            "not until it is changed",
            "no thanks",
            "nein danke",
        ],
        *[
            "I will not",
            "I won't",
            "I don't agree",
            "We do not agree with this",
            "nicht",
            "jamais !",
            "nunca",
            "nie!",
        ],
        *[
            "only if the goal is dropped",
            "Ada Lovelace, only if the goal is dropped",
            "if you remove it",
            "me if you change it",
            "but I have doubts",
            "maybe",
            "don't",
            "unless you ask",
            "does not work",
            "how do I sign",
            "what is this",
            "wie geht das",
            "is broken",
            "command is not found",
        ],
        *[
            "Ada, if the text is changed",
            "nur wenn das fehlt",
            "seulement si on change",
            "solo si cambian",
            "mits het",
            "Ada if the text is changed",
            "Ada once point 3 is gone",
            "IF you change it",
            "Unless 3 is dropped",
            "Ada, unless",
            "me maybe",
            "Ada (maybe)",
            "Ada, vielleicht",
            "perhaps",
            "Ada\nonly if the text is changed",
            "as soon as it is changed",
            "Ada, conditional on point 3",
            "Ada wenn Punkt 3 fehlt",
        ],
        *[
            "what is this?",
            " ? what is this",
            "Ada?",
            "how does this work ?",
            "? what",
            "¿qué es esto?",
            "为什么？",
        ],
        *["不", "我不同意", "除非改变", "لا", "тільки якщо", "tylko jeśli"],
    ],
)
def test_a_refusal_a_condition_or_a_question_does_not_sign(typed: str) -> None:
    command = parse(f"/sign {typed}")
    assert isinstance(command, Phrase)
    assert command in [replace(ATTEMPT, fault=fault.value) for fault in (Fault.WORDS, Fault.CONDITION)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Ada, TENZIJ", Sign("Ada", "TENZIJ")),
        ("Mits", Sign("Mits")),
        ("Ravi Kumar, MITS Gwalior", Sign("Ravi Kumar", "MITS Gwalior")),
        ("Jane Roe, MA student", Sign("Jane Roe", "MA student")),
        ("Jane Roe, ALS patient", Sign("Jane Roe", "ALS patient")),
        ("Wei Ma", Sign("Wei Ma")),
        ("Ada\nOnly if we act together can we win.", Sign("Ada", reason="Only if we act together can we win.")),
        ("Ada\nas long as there is war, I sign", Sign("Ada", reason="as long as there is war, I sign")),
    ],
)
def test_a_name_or_a_reason_with_the_word_of_a_condition_is_none(typed: str, expected: Sign) -> None:
    check(f"/sign {typed}", expected)


@pytest.mark.parametrize("body", ["/sign?", "/sign??", "/sign ?", "/sign ?!", "/sign？"])
def test_a_question_mark_alone_still_signs(body: str) -> None:
    check(body, NOTHING)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ada@example.org", NOTHING),
        ("<ada@example.org>", NOTHING),
        ("Ada Lovelace <ada@example.org>", Sign("Ada Lovelace")),
        ("Ada Lovelace (ada@example.org)", Sign("Ada Lovelace")),
        ("Ada ada@example.org, Engines", Sign("Ada", "Engines")),
        ("Ada, ada@example.org", Sign("Ada")),
        ("ada.l+x@mail.example.co.uk, Engines", Sign(None, "Engines")),
        ("[Ada](mailto:ada@example.org)", Sign("Ada")),
        ("[ada@example.org](mailto:ada@example.org)", NOTHING),
        ("***@***.***", NOTHING),
        ("@ada@mastodon.example", Sign("@ada@mastodon.example")),
        ("@ada", Sign("@ada")),
    ],
)
def test_a_mail_address_is_never_shown(typed: str, expected: Sign) -> None:
    check(f"/sign {typed}", expected)
    below = parse(f"/sign\n{typed}\nLondon")
    assert isinstance(below, Sign)
    assert "example.org" not in repr(below)


@pytest.mark.parametrize(
    "typed",
    ["because I care about this", "This is great!", "I am happy to help", "as a friend of yours", "Keep going!"],
)
def test_a_sentence_is_the_reason(typed: str) -> None:
    check(f"/sign {typed}", Sign(reason=typed))


# --- a card ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("Ada Lovelace\nUniversity of Elsewhere", Sign("Ada Lovelace", "University of Elsewhere")),
        ("Ada Lovelace", Sign("Ada Lovelace")),
        (
            "Ada Lovelace\nProfessor\nUniversity of Elsewhere\nLondon",
            Sign("Ada Lovelace", "Professor, University of Elsewhere, London"),
        ),
        ("Ada\nB\nC\nD\nE\nF", Sign("Ada", "B, C, D, E, F")),
        ("Ada\nB\nC\nD\nE\nF\nG", Sign(reason="Ada\nB\nC\nD\nE\nF\nG")),
        ("# Ada Lovelace\n## Engines", Sign("Ada Lovelace", "Engines")),
        ("Ada Lovelace, Ph.D.\nAcme Inc.", Sign("Ada Lovelace, Ph.D.", "Acme Inc.")),
        ("Ada L.\nSt. Mary's", Sign("Ada L.", "St. Mary's")),
        (
            "Sammy Davis Jr.\nUniversity of Elsewhere, U.S.A.",
            Sign("Sammy Davis Jr.", "University of Elsewhere, U.S.A."),
        ),
        ("- Ada Lovelace\n- Engines", Sign("Ada Lovelace", "Engines")),
        ("Ada Lovelace, Engines\nLondon", Sign("Ada Lovelace", "Engines, London")),
        ("李云\n某大学", Sign("李云", "某大学")),
        ("as Nora Quill\nEngines", Sign("Nora Quill", "Engines")),
        ("Your Name\nYour Affiliation", Sign(reason="Your Name\nYour Affiliation")),
        ("Ada Lovelace\r\nEngines\r\n", Sign("Ada Lovelace", "Engines")),
        ("Ada Lovelace\n\nEngines", Sign("Ada Lovelace")),
        ("Name: Ada Lovelace\nAffiliation: Engines", Sign("Ada Lovelace", "Engines")),
        ("**Name:** Ada Lovelace\n**Affiliation:** Engines", Sign("Ada Lovelace", "Engines")),
        (
            "- **Full name**: Ada Lovelace\n- **Role**: Countess\n- **City**: London",
            Sign("Ada Lovelace", "Countess, London"),
        ),
        ("Name: Ada\nEmail: ada@example.org\nReason: It matters to me.", Sign("Ada", None, "It matters to me.")),
        ("Vorname: Ada\nNachname: Lovelace\nOrt: Berlin", Sign("Ada Lovelace", "Berlin")),
        ("Nombre: Ada\nOrganización: Motores", Sign("Ada", "Motores")),
        ("姓名：李云\n单位：某大学", Sign("李云", "某大学")),
        ("Name: Your Name\nAffiliation: none", Sign()),
        ("Because machines should serve people", Sign(reason="Because machines should serve people")),
        ("Machines should serve people.", Sign(reason="Machines should serve people.")),
        ("Yes!\nAda", Sign(reason="Yes!\nAda")),
        ("我支持这封信。", Sign(reason="我支持这封信。")),
        ("Ada Lovelace\nIt matters.", Sign(reason="Ada Lovelace\nIt matters.")),
        (
            "one two three four five six seven eight nine",
            Sign(reason="one two three four five six seven eight nine"),
        ),
        ("https://example.org", Sign(reason="https://example.org")),
        ("Thank you", Sign(reason="Thank you")),
        ("Thanks,\nAda", Sign("Ada")),
        ("I am Ada Lovelace\nEngines", Sign("Ada Lovelace", "Engines")),
        ("Affiliation: Engines\nBecause it matters.", Sign(None, "Engines", "Because it matters.")),
    ],
)
def test_short_lines_below_are_a_card_and_a_sentence_is_the_reason(below: str, expected: Sign) -> None:
    check(f"/sign\n{below}", expected)


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("It matters.", Sign("Ada", None, "It matters.")),
        ("Free software", Sign("Ada", None, "Free software")),
        ("Affiliation: Engines", Sign("Ada", "Engines")),
        ("Sent from my iPhone", Sign("Ada")),
    ],
)
def test_below_a_name_stands_the_reason(below: str, expected: Sign) -> None:
    check(f"/sign Ada\n{below}", expected)


FOOTERS = (
    """
Sent from my iPhone|Sent from Outlook for iOS|Get Outlook for Android|Sent from Yahoo Mail on Android
Von meinem iPhone gesendet|Gesendet von Mail für Windows 10|Envoyé de mon iPhone|Enviado desde mi iPhone
Enviado do meu iPhone|Inviato da iPhone|Verstuurd vanaf mijn iPhone|Wysłane z iPhone'a|Надіслано з iPhone
iPhoneから送信|发自我的iPhone|أُرسلت من الـ iPhone|Sent from my Samsung Galaxy smartphone.|Odesláno z iPhonu
Télécharger Outlook pour iOS|Mit freundlichem Gruß|Thanks,
Best regards,|Kind regards|Cheers,|Mit freundlichen Grüßen|Cordialement,|Saludos|Cordiali saluti|Groeten
Pozdrawiam|З повагою|Atenciosamente,|Sincerely yours,
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_footer_is_neither_name_nor_reason(footer: str) -> None:
    check(f"/sign\n{footer}", NOTHING)
    check(f"/sign\nAda Lovelace\nEngines\n{footer}", Sign("Ada Lovelace", "Engines"))
    check(f"/sign Ada\nIt matters.\n{footer}", Sign("Ada", None, "It matters."))


def test_who_closes_as_in_a_letter_gives_the_name_below() -> None:
    check("/sign\nBest regards,\nAda Lovelace", Sign("Ada Lovelace"))
    check("/sign Nora\nBest regards,\nAda Lovelace", Sign("Nora"))


# --- other scripts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        *[
            (f"/sign{mark}李云", Sign("李云"))
            for mark in ("", "：", "，", "。", "、", "！", "\u3000", " ", "： ", "；", "．")
        ],
        *[(f"/sign{mark}", NOTHING) for mark in "。！？：，；、．،؛؟၊။፣።।"],
        ("/SIGN李云，某大学", Sign("李云", "某大学")),
        ("/sign 李云（某大学）", Sign("李云", "某大学")),
        ("/sign 李云（某大学）。", Sign("李云", "某大学")),
        ("/sign 李云（李良）", Sign("李云（李良）")),
        ("\u3000/sign 李云", Sign("李云")),
        ("/sign\u3000李云\u3000", Sign("李云")),
        ("/sign 阿达·洛芙莱斯，某大学", Sign("阿达·洛芙莱斯", "某大学")),
        ("/signやまだ", Sign("やまだ")),
        ("/sign김철수, 대학", Sign("김철수", "대학")),
        ("/signสมชาย", Sign("สมชาย")),
        ("/sign အောင်၊ တက္ကသိုလ်", Sign("အောင်", "တက္ကသိုလ်")),
        ("/sign አበበ፣ ዩኒቨርሲቲ", Sign("አበበ", "ዩኒቨርሲቲ")),
        ("/sign آدا، دانشگاه", Sign("آدا", "دانشگاه")),
        ("/unsign。", Unsign()),
        ("/unsign谢谢", Unsign()),
    ],
)
def test_punctuation_of_other_scripts_works_as_that_of_ascii(body: str, expected: Command) -> None:
    check(body, expected)


# --- affiliations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name", "affiliation"),
    [
        *[(f"Ada ({it})", f"Ada ({it})", None) for it in ("he/him", "She/Her", "they/them", "sie/ihr")],
        *[(f"Ada ({it})", f"Ada ({it})", None) for it in ("elle/la", "she / her", "he/him/his", "PhD", "M.D.")],
        ("Ada Lovelace (she/her), Engines", "Ada Lovelace (she/her)", "Engines"),
        ("Ada Lovelace (she/her) (Engines)", "Ada Lovelace (she/her)", "Engines"),
        ("Ada Lovelace (Engines) (she/her)", "Ada Lovelace (she/her)", "Engines"),
        ("Ada Lovelace, she/her, Engines", "Ada Lovelace, she/her", "Engines"),
        ("Ada Lovelace (ETH/EPFL)", "Ada Lovelace", "ETH/EPFL"),
        ("Sammy Davis, Jr.", "Sammy Davis, Jr.", None),
        ("Sammy Davis, Jr., Rat Pack", "Sammy Davis, Jr.", "Rat Pack"),
        ("Ada Lovelace, Ph.D.", "Ada Lovelace, Ph.D.", None),
        ("Ada Lovelace, PhD, M.D., Engines", "Ada Lovelace, PhD, M.D.", "Engines"),
        ("Ada Lovelace, Ph.D. (Engines)", "Ada Lovelace, Ph.D.", "Engines"),
        ("Ada Lovelace, M.D. - Engines", "Ada Lovelace, M.D.", "Engines"),
        ("Acme, Inc.", "Acme, Inc.", None),
        ("Ada Lovelace, Acme, Inc.", "Ada Lovelace", "Acme, Inc."),
        ("Ada Lovelace, PhD candidate, Engines", "Ada Lovelace", "PhD candidate, Engines"),
        *[(f"Ada L{sign}Engines", "Ada L", "Engines") for sign in (";", "; ", " | ", "|", " · ", " -- ", "--")],
        *[(f"Ada L{sign}Engines", "Ada L", "Engines") for sign in ("—", " — ", " @ ", "｜", "；", " / ", " • ")],
        ("Ada | Engines | London", "Ada", "Engines | London"),
        ("Ada | Engines, London", "Ada", "Engines, London"),
        ("Ada, Engines | London", "Ada", "Engines | London"),
        ("A|B", "A|B", None),
        ("Ada|", "Ada", None),
        ("| Ada | Engines |", "Ada", "Engines"),
        ("Ada - she/her - Engines", "Ada - she/her", "Engines"),
        ("Ada, Ph. D., Engines", "Ada, Ph. D.", "Engines"),
        ("李云／某大学", "李云", "某大学"),
        ("J&uuml;rgen", "J&uuml;rgen", None),
        ("J&uuml;rgen; Motoren", "J&uuml;rgen", "Motoren"),
        ("Gal·la Placídia", "Gal·la Placídia", None),
        ("AC/DC", "AC/DC", None),
        ("Jean-Luc Müller–Lüdenscheidt", "Jean-Luc Müller–Lüdenscheidt", None),
        ("Ada https://example.org/a--b", "Ada https://example.org/a--b", None),
        ("Ada, none", "Ada", None),
        ("Ada, no affiliation", "Ada", None),
        ("Ada, n/a", "Ada", None),
        ("Name: Ada, Affiliation: Engines", "Ada", "Engines"),
    ],
)  # fmt: skip
def test_divides_name_from_affiliation(typed: str, name: str, affiliation: str | None) -> None:
    check(f"/sign {typed}", Sign(name, affiliation))


# --- unlisted ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "unlisted", "Unlisted", "UNLISTED", "unlisted.", "unlisted!", "unlisted?", ": unlisted", " - unlisted",
        "unlisted Ada Lovelace", "unlisted Ada Lovelace, Guild", "unlisted, Ada Lovelace", "unlisted: Ada Lovelace",
        "unlisted - Ada Lovelace", "unlisted (Guild)", "unlisted — Ada", "unlisted me please", "unlisted Your Name",
        "unlisted，李云", "unlisted：李云", "unlisted李云", "**unlisted** Ada", '"unlisted" Ada', "<unlisted> Ada",
        "(unlisted) Ada", "unlisted\u200b Ada", "\u200bunlisted", "unlisted\u00a0Ada", "unlisted ada@example.org",
        "unlisted\nBecause it is time.", "\nunlisted", "\nUnlisted.", "\nunlisted\nAda Lovelace\nGuild",
        "Ada Lovelace /sign unlisted",
    ],
)  # fmt: skip
def test_who_asks_not_to_be_listed_signs_and_leaves_no_details(typed: str) -> None:
    for line_end in ("\n", "\r\n"):
        assert parse(f"/sign {typed}".replace("\n", line_end)) == Sign(unlisted=True)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Ada Unlisted", Sign("Ada Unlisted")),
        ("Ada Lovelace, Unlisted", Sign("Ada Lovelace", "Unlisted")),
        ("Unlistedness", Sign("Unlistedness")),
        ("Unlisted-Buildings", Sign("Unlisted-Buildings")),
        ("\nUnlisted buildings are lost.", Sign(reason="Unlisted buildings are lost.")),
        ("Ada\nunlisted", Sign("Ada", reason="unlisted")),
        ("unlisted /sign Ada", Sign("Ada")),
        ("unlisted /unsign", Unsign()),
        ("unlisted only if it is free", ATTEMPT),
        ("unlisted? No way!", ATTEMPT),
    ],
)
def test_only_the_first_word_asks_not_to_be_listed(typed: str, expected: Command) -> None:
    found = parse(f"/sign {typed}")
    assert (replace(found, fault="") if isinstance(found, Phrase) else found) == expected


def test_organizers_commands_may_stand_beside_it() -> None:
    found = parse("/petition goal 5\n/sign unlisted Ada")
    assert found is not None
    assert found.effect == Sign(unlisted=True)
    assert restore(found.stored()) == found


# --- the short way -----------------------------------------------------------------------------------------------


PLAIN_WORDS = sorted(
    {
        word
        for value in vars(word_lists).values()
        for text in (value if isinstance(value, frozenset | tuple) else [value] if isinstance(value, str) else [])
        for word in re.findall(r"[A-Za-z']+", text)
    }
)


@pytest.mark.parametrize(
    "shape", ["{}", "{} Quill", "Nora {}", "{} nora", "Nora, {}", "{} me", "Nora {} quill", "x, {} y"]
)
def test_no_word_with_a_meaning_is_read_on_the_short_way(shape: str) -> None:
    for word in PLAIN_WORDS:
        typed = f"/sign {shape.format(word)}"
        assert parse(typed) == parse(f"\n{typed}"), typed
    assert not says_something_unusual("Ada Lovelace, Analytical Engines")
