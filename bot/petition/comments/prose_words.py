"""The words that tell a name from what else people type behind a command, in the languages that people sign in.

They are compared with folded text. A list is a help for the rules that use it: these look at all words of a
text, at its punctuation and at its letters' case, too.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLER: Final = _words("""
    me us up please pls plz kindly this that it here now thanks thx thank yes yep yeah sure ok okay letter
    petition
    statement name names signature agree agreed support supported supporting too also absolutely definitely gladly
    happily proudly pleasure well sign signed signing already again today
    mich mir uns bitte danke gerne gern dies diesen dieses brief petition hier jetzt auch namen unterschrift
    unterschreibe unterstütze dafür dabei mit
    moi nous svp stp merci oui cette lettre pétition ici maintenant aussi nom signe signature soutiens
    volontiers plaît
    plait accord
    favor gracias esta carta petición peticion aquí aqui ahora también tambien nombre firma firmo apoyo sí
    obrigado obrigada petição peticao agora também nome assinatura assino apoio sim
    favore grazie questa lettera petizione qui ora anche aderisco volentieri sì
    mij alsjeblieft alstublieft aub bedankt dank deze brief petitie hier nu ook naam handtekening teken graag
    mnie proszę prosze dziękuję dziekuje dzięki tak petycję petycje list tutaj teraz też podpis podpisuję
    chętnie popieram
    мене дякую так цей лист петицію тут зараз також підпис підписую підтримую прошу ласка
    شكرا نعم رجاء أوقع أوافق أدعم توقيعي الرسالة العريضة هنا الآن أيضا فضلك
""") - _words("mit list nom")
"""Words of which one at least stands in what says nothing but that it signs."""

FILLER_BETWEEN: Final = _words("""
    my under the a an to on for and as well with of i we am count add put down in at once all
    open you
    your so do be myself much very let let's by course
    ich den die das der ein und ja meinen meine mit diese sehr ihnen
    je la le les pour et mon ma d de bien sûr s'il vous te d'accord
    yo por el los mi mis y este
    eu a o por meu minha este da do
    io il lo la per mi mio mia e
    ik de het u je mijn ja met
    ja ten to moje imię moj mój się za
    я за моє ім'я будь ласка і цю
    أنا من هذه اسمي على
    nom list
""")
"""Words that may stand between them."""

FILLER_UNSPACED: Final = _words("""
    私も 署名 を します しました する お願いします おねがいします ください 賛成です 賛成します 賛成 よろしく
    ありがとうございます ありがとう はい です 我 也 要 请 請 签名 簽名 签署 簽署 签 簽 支持 同意 赞成 贊成 谢谢 謝謝
    好的 好 是的 了 一下 此信 这封信 請願 请愿 联署 聯署 加我 算我一个 名字 的 一个
""")
"""The same in scripts without blanks."""

TRAILING: Final = _words("""
    please pls plz thanks thx bitte danke merci svp gracias obrigado obrigada grazie alsjeblieft alstublieft aub
    bedankt proszę dziękuję дякую شكرا
""")
"""Courtesies that follow a name and are no part of it."""

PLACEHOLDERS: Final = _words("""
    n/a none tbd tba
    name names fullname firstname lastname surname forename username login org affiliation organization
    organisation company institution employer university profession
    vorname nachname vollname organisation firma institution zugehörigkeit arbeitgeber hochschule
    nom prénom prenom organisation organisme établissement
    nombre apellido apellidos organización organizacion afiliación afiliacion institución empresa
    nome sobrenome organização organizacao afiliação afiliacao instituição
    cognome organizzazione affiliazione istituzione ente
    naam voornaam achternaam organisatie instelling affiliatie
    imię imie nazwisko organizacja afiliacja instytucja
    ім'я прізвище організація установа афіліація
    اسمك الاسم مؤسستك المؤسسة منظمتك
    お名前 名前 氏名 ご氏名 所属 ご所属 你的名字 您的名字 姓名 你的姓名 您的姓名 名字 单位 您的单位
    你的单位 單位 机构 機構
""")
"""What a name or an affiliation is called; one at least is in what stands for them."""

PLACEHOLDERS_BETWEEN: Final = _words("""
    your my the a full first last family given real own legal github insert enter put type write here and or of
    goes
    display preferred some any
    ihr ihre ihren dein deine deinen euer mein voller vollständiger der die hier vor einfügen eingeben und oder
    votre ton vos tes mon le la et ou ici complet
    tu su sus aquí aqui completo y o de
    seu sua teu tua meu minha completo e aqui
    il la tuo tua suo sua vostro mio e qui completo
    je jouw uw mijn volledige hier en of
    twoje twój twoja wasze pełne tutaj i lub moje
    ваше твоє ваша твоя повне та або тут моє
    الكامل هنا و
""")

NO_AFFILIATION: Final = _words("""
    none n/a nil unaffiliated keine keiner aucune aucun ninguna ninguno nenhuma nenhum nessuna nessuno geen brak
    немає 无 無 なし لا
""")
"""What is written where an affiliation is asked for and there is none."""

NEVER: Final = _words("""
    no not never nope nah nay cannot don't dont can't won't against nothing maybe perhaps later
    nein nicht niemals keinesfalls non jamais nunca jamás não nao nunca nooit
    nee niet
    nie nigdy ні ніколи не нет لا لن ليس كلا
""")
"""A text that begins with one of them signs nothing."""

NEGATIONS: Final = NEVER | _words("""
    don't dont won't wont can't cant didn't doesn't wouldn't couldn't isn't aren't haven't shouldn't ain't
    refuse refuses
    disagree oppose against decline object kein keine keinen dagegen pas refuse contre contra tampoco mai contro
    rifiuto geen tegen przeciw przeciwko odmawiam проти ضد أرفض لم
""")

WITH_NEGATIONS: Final = _words("""
    way chance thanks thank you sir man me this mind yet now ever today really thx one danke bitte chance merci
    gracias
    grazie bedankt dziękuję дякую
""")
"""Words that a negation stays one with, in any case of letters."""

PRONOUNS: Final = _words("""
    he she they it xe ze zie fae ey er sie es il elle iel él ella elle ele ela elu lui lei loro hij zij hen die
    on ona
    ono oni він вона вони هو هي any all
""")
"""Words of which one stands in `(he/him)`."""

STARTERS: Final = _words("""
    as for with i i'm i've i'd i'll we we're this that that's these those it it's there let's because since
    ich wir weil denn dies c'est parce nous yo porque nosotros perché perche perch omdat wij ponieważ ponieważ
    bo тому бо ми
    """)
"""What a sentence begins with, where a word in small letters follows; names begin with some of them."""

REASONS: Final = _words("because weil parce porque perché omdat ponieważ тому لأن")

CONDITIONS: Final = frozenset(
    """
only if|only when|only after|only once|if and only if|provided that|provided you|provided the
|as long as|so long as|as soon as|assuming that|assuming you|conditional on|conditionally
|depending on|on condition|on the condition|under the condition|but only|but not|nur wenn|nur falls
|nur dann|unter der bedingung|es sei denn|vorausgesetzt|unter vorbehalt|seulement si|uniquement si
|à condition|sauf si|pourvu que|sous réserve|dès que|sólo si|solo si|solamente si|únicamente si
|siempre que|a condición|con tal de que|con tal que|en cuanto|a menos que|só se|somente se|apenas se
|desde que|soltanto se|solo se|a condizione|a patto che|alleen als|enkel als|op voorwaarde
|tylko jeśli|tylko jeżeli|tylko gdy|pod warunkiem|chyba że|лише якщо|тільки якщо|за умови|хіба що
|только если|فقط إذا|إلا إذا
""".replace("\n", "").split("|")
)
"""What says anywhere in a text that it depends on something."""

REASONABLE: Final = frozenset(
    ["as long as", "so long as", "as soon as", "siempre que", "desde que", "dès que", "en cuanto"]
)
"""Those by which a reason may begin as well."""

CONDITIONAL_WORDS: Final = _words("unless sofern tenzij mits بشرط")
"""The same in one word, which may also be a name where nothing that it depends on follows."""

CONDITIONAL_STARTS: Final = _words("""
    but aber mais pero mas ma maar ale але if when once unless until
    wenn falls sobald si quand lorsque se quando quando als zodra jeśli jeżeli gdy
    якщо коли
    إذا لو
""")
"""The same at its beginning, where a word in small letters follows."""

CONDITIONAL_BETWEEN: Final = _words(
    "if when once until wenn falls sobald quand lorsque zodra jeśli jeżeli якщо إذا"
)
"""Those of them that also within a text say it, in small letters and before other words."""

CONDITIONS_UNSPACED: Final = "除非|只有|如果|要是|假如|只要|するなら|ならば|条件"
REFUSALS_UNSPACED: Final = (
    r"^[我私]?(?:不|没|沒|拒绝|拒絕|反对|反對|别|別|绝不|絕不|决不|從不|从不|才不)"
    r"|しません|しない|反対|是什么|什么意思|怎么|吗$|嗎$"
)
"""Conditions, negations and questions in scripts without blanks."""

QUESTION_WORDS: Final = _words("""
    what why how who where when which wie warum wer wo wozu pourquoi comment où cómo quién por qué dónde perché chi
    waarom wat hoe jak dlaczego kto чому хто як
""") - _words("por")
"""What a question begins with, where another word in small letters follows."""

DOUBTS: Final = _words("""
    maybe perhaps possibly later vielleicht eventuell später peut-être quizás quizá talvez forse misschien
    później może можливо може ربما
""")
"""What leaves open whether somebody signs, where nothing else stands there."""

ABBREVIATED: Final = _words("ma mas als si ale mits")
"""Those of these words that in capitals are an abbreviation, such as `MA` and `ALS`."""

INTRODUCTIONS: Final = r"""
    my \s names? \s (?:is|are) | name \s is | in \s the \s name \s of | under \s the \s name (?:\s of)?
  | with \s (?:my \s|the \s)? name (?:\s of)? | (?-i:[Aa]s) | on \s behalf \s of | im \s namen \s von
  | au \s nom \s de
  | en \s nombre \s de | em \s nome \s d[eoa] | a \s nome \s di | namens | w \s imieniu | від \s імені
  | mein \s name \s ist | ich \s (?:heiße|heisse) | unter \s dem \s namen
  | je \s m['’]appelle | mon \s nom \s est | en \s tant \s que | sous \s le \s nom (?:\s de)?
  | me \s llamo | mi \s nombre \s es | (?:o \s)? meu \s nome \s é | me \s chamo | chamo-me
  | mi \s chiamo | (?:il \s)? mio \s nome \s è | mijn \s naam \s is | ik \s heet
  | nazywam \s się | mam \s na \s imię | moje \s (?:imię|nazwisko) \s to
  | мене \s (?:звати|звуть) | моє \s ім['’]я | اسمي (?:\s هو)? | باسم
"""
"""What a name may follow on."""
WEAK_INTRODUCTIONS: Final = r"""
    i \s am | i['’]m | this \s is | it['’]s | ich \s bin | je \s suis | eu \s sou | ik \s ben | أنا
  | (?-i:als|como|come|soy|sou|sono|jako|як|я)
"""
"""The same, where the name begins with no small letter."""
INTRODUCTIONS_UNSPACED: Final = r"(?:我叫|我是|我的名字(?:是|叫)|作为|作為|名前は|私は|私の名前は)"
AFTER_NAMES_UNSPACED: Final = r"(?:です|と申します|といいます|として)[。．.]?$"

DEGREES: Final = _words("""
    jr sr ii iii iv esq phd dphil mphil msc bsc mba meng beng mres edd psyd pharmd dsc scd drph dds dvm mph mfa
    llm llb
    lld frs frse frsc obe mbe cbe kbe cpa dipling drs ret inc llc llp ltd plc gmbh corp ag kg ev sas sarl srl spa
    oy aps pty mbh ohg gbr md jd facm
""")
"""What belongs to what stands before its comma, written with or without full stops."""
DEGREES_DOTTED: Final = _words(
    "ma ba co ab jd sj op pe rn do mp mep qc kc sa bv nv ev ms bs csc bc mgr ing dr prof hon ret"
)
"""The same, where it has full stops: without them, some are the names of states."""

ABBREVIATIONS: Final = DEGREES | _words("""
    dr prof mr mrs ms st univ dept inst assoc tech eng sci intl dep nat acad dipl hon rev gen col sgt capt mgr
    ing etc
    lab bros ph str habil med phil nat jur
""")
"""What may end a line with a full stop that ends no sentence."""

LABELS: Final = {
    "name": _words("""
        name fullname namen nom nombre nome naam imię imie ім'я الاسم 名前 氏名 お名前 姓名 名字 signed signatory
        firstname forename vorname prénom prenom voornaam lastname surname nachname apellido apellidos
    sobrenome cognome
        achternaam nazwisko прізвище
    """),
    "affiliation": _words("""
        affiliation affiliations organization organisation org company institution institute employer
    university school
        team department workplace role title position occupation job profession city country location place work
        zugehörigkeit firma hochschule arbeitgeber beruf funktion ort stadt land organisationen universität
        organisme établissement fonction profession ville pays entreprise poste
        afiliación organización institución empresa cargo puesto ciudad país universidad profesión
        afiliação organização instituição universidade cidade profissão
        affiliazione organizzazione istituzione azienda ruolo professione città ente università
        organisatie instelling bedrijf functie beroep stad plaats universiteit affiliatie
        organizacja afiliacja instytucja firma stanowisko zawód miasto uczelnia
        організація установа посада професія місто афіліація
        المؤسسة الجهة المنظمة الوظيفة المدينة
        所属 ご所属 所属機関 会社 職業 单位 單位 机构 機構 组织 職位 职位 公司 学校
    """),
    "reason": _words("""
        reason comment why message grund begründung kommentar raison commentaire pourquoi motivo razón comentario
        razão comentário ragione commento reden opmerking powód komentarz причина коментар السبب تعليق 理由 原因
    コメント 备注
    """),
    "nothing": _words("""
        email e-mail mail link links url website web homepage github gitlab twitter mastodon bluesky orcid
    linkedin phone
        tel date profile blog username login signature webseite datum telefon courriel site correo sitio fecha
    teléfono
        sito data telefono strona witryna пошта сайт дата البريد メール 日付 邮箱 网站 日期 电话
    """),
}
"""What a line is labelled with, by what it gives."""
LABELS_BETWEEN: Final = _words(
    "full your my the first last family given and real & / or vollständiger complet completo і та e y et und en"
)

DEVICES: Final = r"""
    iphon | ipad | ipod | android | samsung | galaxy | huawei | xiaomi | redmi | oneplus | blackberry | nokia
  | motorola
  | windows \s (?:phone|mail|10) | outlook | yahoo | proton \s? mail | gmail | thunderbird | aol | spark | airmail
  | smartphone | mobile | handy | mobil | teléfono | telefono | téléphone | telefon | móvil | celular
  | cellulare | mail\.ru
  | hey \s world | gmx | web\.de | k-9 | fairemail | tutanota | tuta | superhuman | icloud | hotmail | boxer
  | bluemail
"""
SENT: Final = r"""
    sent | get | gesendet | geschickt | holen | envoyé | obtenez | télécharge[rz] | hol \s dir
  | enviado | obtener | obtenha
  | inviato
  | scarica | verzonden | verstuurd | download | wysłane | wysłano | wysłana | pobierz | надіслано
  | отримайте | отправлено | skickat
  | sendt | lähetetty | gönderildi | odesláno | odoslané | trimis | küldve | στάλθηκε | أرسلت | أُرسلت | مرسل
  | نُشر
  | 送信 | から送信 | 发自 | 發自 | 傳送 | 发送自 | 보냄 | 에서 \s 보냄 | נשלח | ส่งจาก | gửi \s từ | dikirim
"""
"""A line with one of these and the name of a device or a mail program is a footer."""
CLOSINGS: Final = r"""
    (?: (?:best|kind|warm|warmest|kindest)(?: \s (?:and \s)? (?:kind|warm))? \s (?:regards|wishes) | best
  | regards
      | cheers | sincerely(?: \s yours)? | yours \s? (?:sincerely|faithfully|truly)? | respectfully | cordially
      | in \s solidarity | with \s (?:kind|best|warm) \s regards | many \s thanks
      | (?:mit \s)? (?:freundliche[mn]?|besten?|herzlichen?|lieben?|liebe|viele|schöne|beste|solidarischen?)
        \s (?:grüßen?|grüssen?|gruß|gruss) | mfg | lg | vg | hochachtungsvoll
      | (?:bien \s)? cordialement | bien \s à \s vous | amicalement | salutations(?: \s distinguées)?
      | (?:un \s)? (?:cordial \s)? saludos?(?: \s cordiales)? | atentamente | un \s abrazo
      | atenciosamente | cumprimentos | com \s os \s melhores \s cumprimentos | abraços | abraço
      | cordiali \s saluti | distinti \s saluti | saluti | cordialmente
      | (?:met \s)? vriendelijke \s groet(?:en)? | groet(?:en|jes)? | hartelijke \s groet(?:en)? | mvg
      | pozdrawiam(?: \s serdecznie)? | z \s (?:poważaniem|wyrazami \s szacunku) | serdecznie
      | з \s повагою | щиро | всього \s найкращого | с \s уважением
      | مع \s (?:أطيب \s)? (?:التحيات|التحية|تحياتي|خالص \s التحية) | تحياتي
      | よろしくお願い(?:いた)?します | 敬具 | 此致 | 敬礼 | 敬上 | 祝好 | 顺颂商祺
    )
"""
"""A line that is nothing else ends a letter; whoever's name follows has written it."""

REAL_WORDS: Final = _words("sigh sin sine sigil align design resign signal assign ensign unsigned singing")
"""Words that are nearly a command, and none."""
COURTESIES: Final = _words("""
    hi hello hey dear all team folks i we hereby gladly happily proudly so now then and here i'd like
    to want would let wish well great sir madam
    hallo ich wir hiermit guten tag liebe bonjour salut je nous hola buenos días yo nosotros olá oi eu ciao
    buongiorno     io hoi ik wij cześć ja my привіт вітаю я ми مرحبا أنا 你好 我
""")
"""Words that may stand before a command that clearly was meant as one."""
SELF: Final = _words("i we ich wir je nous yo eu io ik ja я 我 私 أنا")
"""What people call themselves."""
UNLISTED: Final = "unlisted"
"""The first word behind the command of whoever wants to be counted and not to be listed."""
