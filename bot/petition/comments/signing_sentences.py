"""Comments that sign in words, without a command, in the languages that people sign in.

What is here says nothing but that somebody signs, now and without a condition. `I support this` may mean less, and
`please sign this` is said to others, so neither is here.
"""

# ruff: noqa: E501 - a pattern that is broken over several lines is harder to compare with its neighbours

from __future__ import annotations

import re
from functools import cache


def signs_in_words(said: str) -> bool:
    """Return whether a folded comment says that somebody signs, and nothing else."""
    plain = _MARKS.sub("", said.replace("’", "'")).translate(_ARABIC_LETTERS)
    plain = " ".join(_PAUSES.sub(" ", plain).split())
    return 0 < len(plain) <= _LONGEST and _phrases().fullmatch(plain) is not None


_LONGEST = 80
_PAUSES = re.compile(r"[,.!;:…。，！、；：،؛~–—-]+(?!\w)")
# Emoji and the marks that Arabic may be written with.
_MARKS = re.compile(r"[\u2190-\u2bff\ufe0f\u200d\U0001f000-\U0001faff\u0640\u064b-\u0652\u0670]")
_ARABIC_LETTERS = str.maketrans("أإآ", "ااا")

_IT = r"(?: (?:this|it|that|the|your)(?: open)?(?: (?:letter|petition|statement|one))?)?"
_ENGLISH = rf"""
    (?:(?:yes|yep|yeah|ok|okay|sure|hi|hello|hey|of course|absolutely|gladly|happily|agreed)(?: all| and| there| everyone)* )?
    (?:
        (?:co-?)?sign(?:ed|ing)?
      | (?:i|we) (?:(?:hereby|also|gladly|happily|proudly|fully|too|just|have|do) )*(?:co-?)?sign(?:ed)?{_IT}
      | (?:signed|signing){_IT}
      | (?:i am|i'm|im|we are|we're) (?:(?:hereby|also|gladly|happily|proudly) )*(?:co-?)?signing{_IT}
      | (?:i've|we've) (?:just )?signed{_IT}
      | (?:i would|i'd|id|we would|we'd) (?:also )?(?:like|love) to (?:co-?)?sign{_IT}
      | (?:i|we) (?:also )?(?:want|wish) to (?:co-?)?sign{_IT}
      | (?:i am|i'm|we are) (?:happy|glad|proud) to (?:co-?)?sign{_IT}
      | let me sign{_IT}
      | (?:i would|i'd) like to (?:be (?:added|included|counted|a signatory)|add my (?:name|signature))(?: in)?(?: to .LIST)?
      | (?:i|we) (?:also )?(?:want to |wish to )?add (?:my|our) (?:names?|signatures?)(?: to .LIST| here| below)?
      | i want to be (?:added|included|counted in|a signatory)(?: to .LIST)?
      | (?:(?:you (?:can|may)|feel free to|do) )?(?:(?:please|pls|plz|kindly|just) )*(?:
            add me|add us|add my name|add our names|add my signature|add mine|add me in|add me on|include me|include us
          | include my name|include my signature|count me in|count us in|count me too|count me|put me down|put my name down
          | put me on the list|put my name on it|put my name|sign me|sign me up|sign us up|sign my name|list me
          | append my name|append my signature|add my name and signature|append me
        )(?: (?:too|also|as well|in|up|down|here|below))*(?: to .LIST)?
      | add me as (?:a|an) (?:signer|signatory|signee|supporter and signer)
      | adding (?:my|our) (?:names?|signatures?|self)(?: too| here| below)?(?: to .LIST)?
      | (?:here is |here's |you have |please accept |please take |take )?my signature(?: too| as well)?
      | (?:please )?consider (?:me|this|it) (?:signed|my signature|a signature)
      | consider me (?:in|a signatory) | me signed | count with me
    )
    (?: (?:please|pls|plz|thanks|thank you|thx|too|also|as well|now|today|with pleasure|gladly|happily|proudly|cheers
        |so much|very much|indeed|yes|all|everyone|for this|for doing this))*
""".replace(
    ".LIST",
    r"(?:the|this|your) (?:list|letter|petition|signatures|signatories|signers|list of (?:signatories|signers))",
)
_BRIEF = (
    r"(?: (?:das|dies|diesen|den|diese|die|dieses)(?: offenen| offene)?(?: brief| petition| aufruf| schreiben)?)?"
)
_GERMAN = rf"""
    (?:(?:ja|hallo|gerne?|klar|natürlich) )?(?:bitte )?(?:
        (?:hiermit )?(?:(?:auch )?ich )?(?:unterschreibe|unterzeichne|unterschreib|signiere|zeichne)(?: ich)?(?: hiermit)?{_BRIEF}
      | (?:hiermit )?(?:auch )?wir (?:unterschreiben|unterzeichnen)(?: hiermit)?{_BRIEF}
      | (?:ich )?(?:habe )?(?:unterschrieben|unterzeichnet|mitgezeichnet|gezeichnet|signiert)
      | ich (?:möchte|will|würde gern|würde gerne)(?: auch| gern| gerne| hiermit)*{_BRIEF} (?:unterschreiben|unterzeichnen|mitzeichnen|signieren)
      | (?:füge?|fügt|fügen sie|nehmt|nimm|nehmen sie|setze?|setzt|setzen sie|trage?|tragt|tragen sie|schreibt|schreib)
        (?: bitte)? (?:mich|uns|meinen namen|meine unterschrift)(?: bitte)?(?: auch| mit| noch)*
        (?: hinzu| dazu| auf| ein| drauf| rein| auf die liste| in die liste ein| in die liste auf)?
      | zähle?n? (?:sie )?mich (?:dazu|mit) | zählt (?:bitte )?(?:auch )?(?:mich|auf mich)(?: bitte)?(?: auch)? (?:dazu|mit)
      | (?:bitte )?(?:mich|meinen namen|meine unterschrift)(?: bitte)?(?: auch| mit)* (?:hinzufügen|aufnehmen|eintragen|dazuschreiben|ergänzen)
      | ich bin dabei | bin dabei | meine unterschrift(?: habt ihr| haben sie| hast du)?
    )(?: (?:bitte|danke|auch|gerne?|hiermit|mit|vielen dank|sehr gerne?))*
"""
_LETTRE = r"(?: (?:cette|la|ce|votre) (?:lettre(?: ouverte)?|pétition|texte|appel))?"
_FRENCH = rf"""
    (?:(?:oui|bonjour|salut|ok|volontiers|d'accord) )?(?:(?:s'il vous plaît|s'il te plaît|svp|stp|merci de|veuillez|vous pouvez) )*(?:
        (?:moi aussi )?(?:je |nous )?(?:co)?signe(?: aussi| moi aussi| également| volontiers| des deux mains)*{_LETTRE}
      | je viens de (?:co)?signer{_LETTRE}
      | nous (?:co)?signons{_LETTRE} | (?:j'ai |je l'ai )?(?:co)?sign[ée]e?(?: aussi)?{_LETTRE} | je soussigne
      | (?:je (?:souhaite|veux|voudrais|désire)|j'aimerais)(?: aussi| également)? (?:co)?signer{_LETTRE}
      | (?:je (?:souhaite|veux|voudrais)|j'aimerais) ajouter (?:mon nom|ma signature) | j'ajoute (?:mon nom|ma signature)
      | (?:ajoute[zr]?|inclue[zr]?|inclure|compte[zr]?|inscrive[zr]?|rajoute[zr]?)[- ](?:moi|nous|mon nom|ma signature)
        (?: aussi| également| dedans| parmi (?:les|vos) signataires| à la liste| sur la liste| à la lettre| à la pétition)*
      | m'(?:ajouter|inclure|inscrire|compter)(?: aussi| à la liste| parmi les signataires)* | ma signature
    )(?: (?:svp|stp|merci|aussi|également|s'il vous plaît|s'il te plaît|merci beaucoup|volontiers|avec plaisir))*
"""
_CARTA = r"(?: (?:esta|la|este|el) (?:carta(?: abierta)?|petición|peticion|manifiesto))?"
_SPANISH = rf"""
    (?:(?:sí|si|hola|claro|ok|vale) )?(?:(?:por favor|favor de|pueden) )*(?:
        (?:yo )?(?:también )?firmo(?: también| yo también)?{_CARTA} | firmado | firmada | (?:he )?firmad[oa]{_CARTA} | firmé{_CARTA}
      | (?:nosotros |nosotras )?firmamos{_CARTA} | (?:quiero|deseo|quisiera|me gustaría)(?: también)? firmar{_CARTA}
      | (?:añad[aeoi]|añadan|añada|añadid|agreg[au]e?|agreguen|agregad|incluy[ea]|incluyan|incluid|pon|pongan|sumen|suma|suman)
        (?: también)? (?:mi nombre|mi firma)(?: también| a la lista| a la carta| a la petición)*
      | (?:añád[ae]|añádan|añadid|agrég[au]e?|agréguen|inclúy[ea]|inclúyan|súm[ae]|súmen|apúnt[ae]|apúnten|anót[ae]|anóten)(?:me|nos)(?: también| a la lista)*
      | (?:cuent[ae]|cuenten|contad|cuentan) conmigo | me sumo(?: a la carta| a la firma)? | añado mi (?:nombre|firma) | mi firma
      | (?:añadir|agregar|incluir) mi (?:nombre|firma) | (?:añadirme|agregarme|incluirme)
    )(?: (?:por favor|gracias|también|muchas gracias|con gusto))*
"""
_ESTA = r"(?: (?:esta|a|este|o) (?:carta(?: aberta)?|petição|peticao|manifesto|abaixo-assinado))?"
_PORTUGUESE = rf"""
    (?:(?:sim|olá|ola|oi|claro|ok) )?(?:(?:por favor|favor|podem|pode) )*(?:
        (?:eu )?(?:também )?(?:assino|subscrevo)(?: também| embaixo| em baixo)*{_ESTA} | (?:eu )?(?:já )?assinei{_ESTA} | assinad[oa]{_ESTA} | (?:nós )?assinamos{_ESTA}
      | (?:eu )?(?:quero|desejo|gostaria de)(?: também)? assinar{_ESTA}
      | (?:me )?(?:adicion[ea]m?|adicionar|acrescent[ea]m?|acrescentar|inclua|incluam|incluir|coloquem?|colocar|ponham?|põe)(?:-me)?
        (?: também)?(?: (?:o )?meu nome| (?:a )?minha assinatura)?(?: também| à lista| na lista| à carta| na petição)*
      | (?:conte|contem|conta) comigo | (?:minha|a minha) assinatura | adiciono (?:o )?meu nome
    )(?: (?:por favor|obrigad[oa]|também|muito obrigad[oa]|pf))*
"""
_LETTERA = r"(?: (?:questa|la|questo|l')(?: ?lettera(?: aperta)?| ?petizione| ?appello))?"
_ITALIAN = rf"""
    (?:(?:sì|si|ciao|ok|certo|volentieri) )?(?:(?:per favore|prego|potete) )*(?:
        (?:io )?(?:anche io |anch'io )?(?:firmo|sottoscrivo|aderisco(?: e firmo)?)(?: anche io| anch'io| volentieri)*{_LETTERA}
      | (?:ho )?firmat[oa]{_LETTERA} | (?:ho )?sottoscritto{_LETTERA} | (?:noi )?firmiamo{_LETTERA}
      | (?:voglio|vorrei|desidero|mi piacerebbe)(?: anche)? (?:firmare|sottoscrivere){_LETTERA}
      | (?:aggiung(?:i|ete|imi|etemi|ere)|aggiungermi|includ(?:i|ete|imi|etemi)|inserite|inseritemi|mettete)
        (?: anche)?(?: (?:il )?mio nome| (?:la )?mia firma| me)?(?: alla lista| alla lettera| alla petizione)?
      | contat[ei](?: anche)?(?: su di)? me | contatemi | la mia firma | aggiungo (?:il mio nome|la mia firma)
    )(?: (?:per favore|grazie|anche|volentieri|grazie mille))*
"""
_DUTCH = r"""
    (?:(?:ja|hallo|hoi|graag|ok) )?(?:(?:alsjeblieft|alstublieft|aub|gelieve) )*(?:
        (?:hierbij )?(?:ook )?ik (?:onder)?teken(?: ook| mee| graag| hierbij| de(?:ze)? brief| de(?:ze)? petitie| dit)* | (?:hierbij )?wij (?:onder)?tekenen(?: ook| graag| hierbij| de(?:ze)? brief| de(?:ze)? petitie)* | (?:hierbij )?(?:onder|mede)?getekend
      | ondertekend | (?:ik heb )(?:ge|onder)?(?:tekend|ondertekend|getekend) | ik wil(?: ook| graag| dit| deze brief| deze petitie)* (?:onder)?tekenen
      | teken(?: ik)? ook | hierbij (?:onder)?teken ik
      | (?:voeg|zet|neem|tel|schrijf|reken)(?: alsjeblieft| alstublieft| aub| ook)* (?:mij|me|ons|mijn naam|mijn handtekening|op mij)
        (?: ook| maar| alsjeblieft| alstublieft| aub| er)* ?(?:toe|bij|erbij|mee|op de lijst|op|eronder|in)?(?: aan de lijst)?
      | ik doe mee | mijn handtekening(?: erbij)? | graag mijn naam (?:toevoegen|erbij)
    )(?: (?:aub|alsjeblieft|alstublieft|bedankt|dank je|dank u|ook|graag))*
"""
_POLISH = r"""
    (?:(?:tak|cześć|witam|ok|chętnie) )?(?:(?:proszę|prosze) )*(?:
        (?:ja )?(?:też |również )?(?:podpisuj[ęe]|podpisujemy)(?: się| to| też| również| pod tym listem| pod listem| pod tą petycją| pod petycją| pod tym| ten list| list| tę petycję| petycję)*
      | podpisan[oeya] | (?:już )?podpisa[łl]a?[em]{0,2}(?: się| ten list| petycję)* | popieram i podpisuję
      | (?:chcę|chce|chciałbym|chciałabym|pragnę)(?: też| to| się)* podpisać(?: się| to| ten list| tę petycję| petycję)*
      | (?:dodać|dodaj|dodajcie|dopisać|dopisz|dopiszcie|wpisać|wpisz|wpiszcie|o dodanie|o dopisanie|o wpisanie)(?: proszę)?(?: też| również)?
        (?:mnie|mój podpis|moje nazwisko|moje imię(?: i nazwisko)?|mojego podpisu|mojego nazwiska)(?: też| również| do listy| na listę| proszę)*
      | (?:mnie też |i mnie )(?:proszę )?(?:dodać|dopisać|wpisać) | (?:wy)?liczcie mnie | wliczcie mnie | mój podpis
    )(?: (?:proszę|dziękuję|dzięki|też|również))*
""".replace("(?: też| również)?\n        (?:mnie", "(?: też| również)? (?:mnie")
_UKRAINIAN = r"""
    (?:(?:так|привіт|вітаю|добре) )?(?:(?:будь ласка|прошу) )*(?:
        (?:я |ми )?(?:теж |також )?(?:підписую|підписуюсь|підписуюся|підписуємо|підписуємось|підписуємося)(?: під цим листом| під листом| під цією петицією| під петицією| цей лист| лист| петицію| цю петицію| це| теж| також)*
      | підписано | (?:я )?(?:вже )?підписа(?:в|ла|вся|лася|вся)(?: цей лист| петицію)* | (?:я )?(?:хочу|бажаю|хотів би|хотіла б)(?: теж| також)? підписати(?:ся|сь)?(?: цей лист| петицію| це)*
      | (?:додайте|додай|додати|впишіть|запишіть|зарахуйте|рахуйте|долучіть)(?: будь ласка| також| й| і)* (?:мене|моє ім'я|мій підпис|моє прізвище)(?: теж| також| до списку| до листа)*
      | мій підпис
    )(?: (?:будь ласка|дякую|теж|також))*
"""
_ARABIC = r"""
    (?:(?:نعم|مرحبا|حسنا) )?(?:(?:من فضلك|من فضلكم|رجاء|الرجاء|يرجى|ارجو) )*(?:
        (?:انا )?(?:ايضا )?(?:اوقع|اوقعها|موقع|موقعة)(?: ايضا| هذه الرسالة| هذه العريضة| الرسالة| العريضة| على الرسالة| على العريضة| على هذه الرسالة| على هذه العريضة)*
      | (?:لقد )?(?:وقعت|وقعتها)(?: على الرسالة| على العريضة| هذه الرسالة)* | تم التوقيع | وقعنا | نوقع
      | (?:اريد|اود|ارغب في)(?: ايضا)? (?:التوقيع|ان اوقع)(?: على الرسالة| على العريضة| على هذه الرسالة)?
      | (?:اضف|اضيفوا|اضيفو|ضعوا|سجلوا|ادرجوا)(?: ايضا)? (?:اسمي|توقيعي)(?: ايضا| الى القائمة| الى الرسالة| الى العريضة)*
      | (?:اضفني|اضيفوني|احسبوني|سجلوني|ادرجوني)(?: ايضا| معكم| الى القائمة)* | اضافة (?:اسمي|توقيعي)(?: ايضا| الى القائمة)* | اضافتي | توقيعي
    )(?: (?:من فضلك|من فضلكم|رجاء|شكرا|ايضا|شكرا لكم))*
"""
_JAPANESE = r"""
    (?:はい ?)?(?:私[はも]|わたし[はも]|僕も|俺も)?(?:この(?:手紙|書簡|公開書簡|請願)に)?(?:
        署名(?:を)?(?:し)?(?:ます|ました|する|した|いたします|致します|します|しました|させてください|させていただきます|希望(?:します)?)?
      | サイン(?:し)?(?:ます|ました|します|しました|する)
      | (?:どうか )?(?:私の|私も|わたしの)?(?:名前|署名|私|わたし)を?(?:リストに|署名に)?(?:追加|加えて|入れて)(?:して)?(?:ください|下さい|お願いします)
      | (?:署名に|リストに)(?:追加|加えて|入れて)(?:して)?(?:ください|下さい)
    )(?: ?(?:お願いします|よろしくお願いします|よろしくお願いいたします|ありがとうございます))*
"""
_CHINESE = r"""
    (?:是的? ?|好的? ?|你好 ?)?(?:请|請|麻烦|麻煩)?(?:
        (?:我|本人)?(?:也|要|来|來|愿意|願意|想|已|已经|已經|在此|同意并|同意並)*(?:签名|簽名|签署|簽署|签|簽|签字|簽字|联署|聯署|连署|連署|附议并签名)(?:了|支持|一下|此信|本信|这封信|這封信|(?:这份|這份)?(?:请愿书|請願書)|请愿|公开信)?
      | (?:加|加上|添加|算|算上|带上|把|加入)(?:我|我一个|我一個|上我|我的名字|上我的名字|我的签名|我的簽名|我加上|我加进去|我算上|我的名字加上)(?:吧|一个|一個)?
      | 算我一[个個] | 加我一[个個] | 署名
    )(?:吧|谢谢|謝謝|，|！|。| )*
"""


@cache
def _phrases() -> re.Pattern[str]:
    """Return what matches a phrase of any language; made when it is first needed, because that takes a while."""
    languages = (
        *(_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN),
        *(_DUTCH, _POLISH, _UKRAINIAN, _ARABIC, _JAPANESE, _CHINESE),
    )
    return re.compile("|".join(f"(?:{_compact(one)})" for one in languages))


def _compact(language: str) -> str:
    lines = [
        re.sub(r"^\s*\| | \| |^\s+|\s+$", lambda found: "|" if "|" in found[0] else "", line)
        for line in language.split("\n")
    ]
    return "".join(lines)
