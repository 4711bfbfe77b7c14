"""Comments without a command: those that sign in words, and those that clearly were meant as a command."""

from __future__ import annotations

import pytest

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import Command, Phrase, Sign, restore
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from bot.petition.settings_file import read
from bot.petition.tally import Conditions, evaluate
from tests.petition.test_not_counted import says

USUAL = Rules()
ONLY_COMMANDS = Rules(Settings(also_accept=None))


def counts(command: Command | None, rules: Rules = USUAL) -> bool:
    return evaluate([says(command)], Conditions(rules=rules)).signature is not None


# --- saying it in words ------------------------------------------------------------------------------------------

SIGNING = {
    "en": """
        sign|signed|I sign|I signed|sign me|add my name|add my signature|count me in|please add me
        Please add my name.|I'm signing|I would like to sign this letter|add me to the list|yes, add me
        Signed! ✍️|sign me up please|Add me too, please|adding my name|I hereby sign this letter
        consider me signed|I have signed|let me sign|put my name down|please sign me|include me
        hi, please add my signature, thanks
    """,
    "de": """
        ich unterschreibe|unterschrieben|Unterzeichnet|Hiermit unterschreibe ich|bitte fügt mich hinzu
        bitte meinen Namen hinzufügen|ich möchte unterschreiben|zählt mich dazu|ich unterzeichne diesen brief
        Bitte setzt mich auf die Liste|ich bin dabei|füge meinen namen hinzu
        auch ich unterschreibe|wir unterschreiben|wir unterzeichnen diesen Brief
    """,
    "fr": """
        je signe|j'ai signé|signé|ajoutez-moi|ajoutez mon nom|comptez-moi parmi les signataires
        merci de m'ajouter|je souhaite signer|je signe cette lettre|veuillez ajouter mon nom
        ajoutez ma signature svp
        moi aussi je signe|je signe moi aussi|je viens de signer|nous signons
    """,
    "es": """
        firmo|firmado|yo firmo|he firmado|quiero firmar|añádanme|agreguen mi nombre|cuenten conmigo
        añade mi firma|agrega mi nombre por favor|me sumo|Firmo esta carta
        nosotros firmamos|yo también firmo
    """,
    "pt-BR": """
        assino|eu assino|assinado|assinei|quero assinar|adicione meu nome|conte comigo|contem comigo
        me adicione|adicionem minha assinatura|por favor adicione meu nome
        já assinei|nós assinamos|eu assino esta petição
    """,
    "it": """
        firmo|ho firmato|aggiungetemi|aggiungete il mio nome|aggiungi la mia firma|contatemi|vorrei firmare
        firmato|sottoscrivo
        aderisco e firmo|noi firmiamo|anch'io firmo
    """,
    "nl": """
        ik teken|ik onderteken|getekend|ondertekend|voeg mij toe|voeg mijn naam toe|zet mij op de lijst
        ik doe mee|ik wil tekenen|tel mij mee
        ik teken mee|ik onderteken de petitie|ook ik teken|wij ondertekenen|hierbij onderteken ik
    """,
    "pl": """
        podpisuję|podpisuję się|podpisano|podpisałem|podpisałam|chcę podpisać|proszę dodać mnie|dodajcie mnie
        dopiszcie mnie|proszę dodać moje nazwisko|dodaj mój podpis|dodaj mnie
        podpisuję list|podpisuję się pod listem|podpisuję się pod tą petycją
    """,
    "uk": """
        підписую|підписуюсь|підписуюся|підписано|я підписую|додайте мене|додайте моє ім'я|додайте мій підпис
        хочу підписати|прошу додати мене|підписав|підписала
        ми підписуємо|підписуюсь під листом|підписуюся під цією петицією
    """,
    "ar": """
        أوقع|أنا أوقع|وقعت|وقّعت|أضيفوا اسمي|أضف اسمي|أضيفوني|أريد التوقيع|تم التوقيع|يرجى إضافة اسمي
        أضف توقيعي
        أوقع الرسالة|أوقّع العريضة|أنا أوقع هذه العريضة
    """,
    "ja": """
        署名します|署名しました|署名|私も署名します|名前を追加してください|サインします|私の名前を追加してください|署名する|署名をお願いします
        私は署名します|この書簡に署名します|わたしは署名しました
    """,
    "zh-Hans": """
        签名|我签名|签署|已签|加我|算我一个|请加上我的名字|我要签名|加上我|请添加我的名字|簽名|我也签|我签|已签名|我签署|添加我的签名
        我签署本信|我签署这份请愿书
    """,
}
EACH = [
    (language, said.strip())
    for language, rows in SIGNING.items()
    for row in rows.split("\n")
    for said in row.split("|")
    if said.strip()
]


@pytest.mark.parametrize(("language", "said"), EACH)
def test_who_says_nothing_but_that_they_sign_has_signed(language: str, said: str) -> None:
    for body in (said, f"{said.capitalize()}!", f"**{said}**", f"{said}.\r\n", f"{said}\n\nSent from my iPhone"):
        assert counts(parse(body)), (language, body)
    assert not counts(parse(said), ONLY_COMMANDS)
    assert not counts(parse(f"> {said}"))
    assert not counts(parse(f"{said}?"))


@pytest.mark.parametrize(
    "said",
    [
        *["please sign this", "please sign", "sign here please", "not signed", "I haven't signed"],
        *["signed by me", "I will sign", "I support this", "+1", "👍", "I agree", "Ada Lovelace"],
        *["sign language", "sign this letter", "don't sign", "I will not sign", "add me when it is changed"],
        *["who signed", "I signed but", "count me out", "remove my name", "sign up", "I am not signing"],
        *["Подписываюсь", "支持", "我支持", "unsign", "ich unterschreibe nicht", "je ne signe pas", "no firmo"],
        *["não assino", "non firmo", "ik teken niet", "nie podpisuję", "не підписую", "لا أوقع", "署名しません"],
        *["我不签", "add", "add my pull request", "me", "sign me out", "signature", "signs"],
        *["I signed the contract", "add my logo", "bitte", "je signe demain", "add it", "signing the apk"],
        *["design", "sign the commits", "wir unterschreiben nicht", "moi aussi", "je viens de signer le contrat"],
        *["ik teken mee aan dit ontwerp", "私は署名しません", "我不签署本信", "podpisuję się pod listem jutro"],
        *["noi firmiamo domani", "ми підписуємо угоду", "نوقع غدا", "nós assinamos amanhã"],
        *["sign\\n\\nNo, wait.", "sign when it is done", "    sign", "`sign`", "> sign", "sign\\n> sign"],
    ],
)
def test_what_may_mean_less_or_something_else_does_not(said: str) -> None:
    assert not counts(parse(said))


def test_where_words_are_off_it_is_as_before() -> None:
    refused = evaluate([says(parse("signed"))], Conditions(rules=ONLY_COMMANDS))
    assert refused.signature is None
    assert refused.refused == {1}
    assert evaluate([says(parse("count me in"))], Conditions(rules=ONLY_COMMANDS)).refused == set()
    assert counts(parse("/sign"), ONLY_COMMANDS)


def test_a_withdrawal_by_command_goes_before_words() -> None:
    assert not counts(parse("sign\n/unsign"))
    said = [says(parse("I sign"), 100, 1), says(parse("/unsign"), 200, 2)]
    assert evaluate(said).signature is None


def test_the_settings_turn_words_off() -> None:
    assert read("also_accept: none") == Settings(also_accept=None)
    assert read("also_accept: [none]") == Settings(also_accept=("none",))
    assert read("also_accept: []") == Settings(also_accept=())
    assert isinstance(read("also_accept: off"), tuple)


@pytest.mark.parametrize("said", ["sign", "I sign", "/sihn", "hello"])
def test_it_is_kept_as_it_was_read(said: str) -> None:
    command = parse(said)
    assert command is not None
    assert restore(command.stored()) == command


# --- what clearly was meant --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        *["- /sign X", "1. /sign", "@undersigned /sign X", "Hi, /sign X", "please /sign me", "sign: X"],
        *['"/sign Eli"', "`/sign` Amel Roe", "**/sign** Amel", "<p>/sign X</p>", "/sihn"],
        *["> quote\n/sign X", "> quote\n> more\n/sign", "* /sign Ada Lovelace, Engines", "+ /sign"],
        *["2) /sign Ada", "- [x] /sign", "- /sign", "@undersigned[bot] /sign", "Hello all, /sign Ada"],
        *["Yes! /sign", "I /sign", "I hereby /sign", "bitte /sign", "Hallo, /sign Ada"],
        *["sign - Ada Lovelace", "Sign: Ada Lovelace, Engines", "signed: Ada", "unsign: me", "'/sign'"],
        *["“/sign Eli”", "«/sign»", "`/sign Ada`", "(/sign Ada)", "**/sign Amel**", "*/sign* Amel"],
        *["<b>/sign</b>", "<div>/sign Ada</div>", "/sigm", "/sgn", "/sgin Ada Lovelace", "/unsing", "/usign"],
        *["/unsihn", "/sign_me", "/sign-me", "/signme", "/signup", "/sign)", "/sign*", "/sign_Ada"],
        *["Great letter!\n\n- /sign Ada", "Thanks for this.\n/sihn Ada", "> a\n>\n> b\n/unsign"],
        *["> I agree\n@undersigned /sign", "／sign 李云", "\\sign", "Great letter.\n\nplease /sign me"],
        *["/signed Ada", "/sjgn", "__/sign__ Amel", "[/sign](x)", "~/sign", "Dear all, /sign", "/sign…"],
        *["/sign-Ada Lovelace", "/sign|Ada", "/sign—Ada", "+1 /sign", "👍 /sign Ada", "[x] /sign", "→ /sign"],
        *["!sign", "!sign Ada", "#sign Ada Lovelace", ".sign", "/cosign", "/co-sign Ada", "/undersigned"],
        *["<br/>\n/sign Ada", "<p>\n/sign Ada\n</p>", "<div align=center>\nyes\n/sign\n</div>"],
        *["unsign", "/sing", "/ sign", "//sign", "\\unsign", "/sgin Ada"],
        *["/sing Ada Lovelace, Analytical Engines", "/signed", "|sign", "/un-sign", "/un sign", "sign/"],
        *["/siggn", "／sign", "/sıgn", "/signature", "/signing", "`/sign`", "`/sign Ada Lovelace`"],
        *["```/sign```", "**/sign**", '"/sign"', "„/unsign“", "_/sign_"],
    ],
)
def test_what_clearly_was_meant_is_answered(body: str) -> None:
    command = parse(body)
    assert isinstance(command, Phrase)
    assert command.is_attempt
    assert not counts(command)


@pytest.mark.parametrize(
    "body",
    [
        *["I will not /sign", "I won't /sign", "do not /sign", "Use /sign to sign", "the /sign command"],
        *["`/sign` is what you write", "How do I /sign?", "Should I /sign?", "- /sign does not work"],
        *["- /sign to sign\n- /unsign to withdraw", "/sigh", "/sin", "/design", "/signal", "/etc/sign"],
        *["~~/sign~~", "see /sign", "You can /sign", "`make /sign`", "```\n/sign\n```", "> /sign"],
        *["> > /sign", "<!-- /sign -->", "<pre>/sign</pre>", "    /sign", "everyone should /sign"],
        *["- /sign adds your name\n- /unsign removes it", "Type `/sign` to sign", "I typed /sign"],
        *["sign: the command does not work", "signal: lost", "I will /sign later", "/assign me"],
        *["/assign Ada", "/signoff", "the sign: it fell", "no /sign", "https://e.org/sign", "- see /sign"],
        *["I refuse to /sign", "/close", "To sign write:\n\n`/sign`", "please /sign this"],
        *[
            "> a\n\n/assign x",
            "Never /sign",
            "/sign-off",
            "#sign of the times",
            "/sign-in does not work",
            "/cosine",
        ],
        *["<pre>\n/sign Ada\n</pre>", "<details>\n/sign Ada\n</details>", "<br>\n\nI will not /sign"],
        *["sing", "sign here please", "+1", "signs", "the /sing", "sign?\nNo.", "`sign`", "> sign"],
        *["    sign", "> `/sign`", "signature", "/singing", "Sign me up when it is true"],
        *['"/sign" is what you write', "`/signal`", "(see /sign)"],
    ],
)
def test_prose_about_a_command_stays_silent(body: str) -> None:
    command = parse(body)
    assert command is None or (isinstance(command, Phrase) and not command.is_attempt)
    assert not counts(command)


@pytest.mark.parametrize(
    ("body", "is_attempt"),
    [("sign", True), ("Sign!", True), (" SIGN ", True), ("signed", True), ("I sign", False)],
)
def test_the_word_alone_may_sign_and_be_meant_as_a_command(body: str, is_attempt: bool) -> None:
    command = parse(body)
    assert isinstance(command, Phrase)
    assert command.is_attempt is is_attempt
    assert counts(command)


def test_a_command_goes_before_what_was_meant_as_one() -> None:
    assert parse("- /sign Nora\n\n/sign Ada") == Sign("Ada")
