"""What mail programs write around what they quote, in many languages; structure decides beside it."""

from __future__ import annotations

import re
from typing import Final

_WROTE = """
wrote|writes|schrieb|schreibt|écrit|ecrit|escribió|escribio|escribe|escreveu|escreve|ha scritto|scritto
|scrive|schreef|geschreven|geskryf|skrev|skreiv|skriver|skrifaði|kirjoitti|kirjutas|rakstīja|rašė|parašė
|napisał|napisała|napisał(a)|pisze|napsal|napsala|napsal(a)|napísal|napísala|napísal(a)|píše|írta|írt
|scris|написа|написал|написала|написал(а)|пишет|написав|написав(ла)|пише|напісаў|піша|написао|написао/ла
|napisao|napisao/la|piše|napisal|napisala|напиша|shkroi|ka shkruar|έγραψε|yazdı|yazdi|yazmış|yazib|დაწერა|წერდა
|գրել է|գրեց|כתב|כתבה|מאת|كتب|كتبت|كتابة|نوشت|نوشته است|لکھا|लिखा|लिहिले|লিখেছেন|எழுதியது|రాశారు|എഴുതി
|ಬರೆದಿದ್ದಾರೆ|લખ્યું|ਲਿਖਿਆ|เขียน|đã viết|viết|menulis|tulis|sumulat|isinulat|aliandika|写道|寫道|写到
|撰寫|書きました|のメール|からのメッセージ|作成|작성|썼습니다|님이|va escriure|ha escrit|escribiu
|idatzi du|scríobh|ysgrifennodd|skribis|scripsit|huet geschriwwen|жазды|ёзган|yozdi|бичсэн
"""
_NOUN = """
message|messages|mail|e-mail|email|appointment|nachricht|mensaje|mensagem|messaggio|bericht|boodskap
|berig|meddelande|meddelelse|besked|brev|melding|viesti|sähköposti|wiadomość|wiadomośc|wiadomosc|zpráva
|zprava|správa|sprava|üzenet|levél|mesaj|mesajul|mesajı|ileti|iletisi|e-posta|posta|сообщение
|повідомлення|паведамленне|лист|письмо|съобщение|порука|poruka|sporočilo|žinutė|laiškas|pranešimas
|ziņojums|vēstule|sõnum|kiri|μήνυμα|رسالة|الرسالة|پیام|پیغام|הודעה|संदेश|মূল বার্তা|বার্তা|செய்தி|సందేశం
|സന്ദേശം|ข้อความ|pesan|mesej|tin nhắn|thư|mensahe|missatge|mensaxe|mezua|mezu|skilaboð|skeyti|邮件|郵件
|原邮件|メッセージ|メール|메일|메시지|courriel|correo|mesazhi|mesazh|ujumbe|хабарлама|xabar|შეტყობინება
|նամակ
"""
_ADJECTIVE = """
original|originalna|originale|originala|forwarded|replied|reply|ursprüngliche|weitergeleitete|d'origine
|d’origine|transféré|transmis|réexpédié|reenviado|reenviada|encaminhada|encaminhado|inoltrato
|oorspronkelijk|oorspronklike|doorgestuurd|ursprungligt|originalmeddelande|vidarebefordrat|oprindelig
|oprindelige|videresendt|opprinnelig|opprinnelige|alkuperäinen|välitetty|oryginalna|oryginalny
|przekazana|przesłana|původní|puvodni|přeposlaná|pôvodná|preposlaná|eredeti|továbbított|orijinal|özgün
|iletilen|iletilmiş|исходное|оригинальное|пересланное|пересылаемое|початкове|вихідне|оригінальне
|переслане|оригинално|препратено|оригинална|прослеђена|izvorna|izvirno|proslijeđena|posredovano|pradinis
|persiųstas|sākotnējais|pārsūtītais|algne|edastatud|αρχικό|προωθημένο|الأصلية|المعاد|اصلی|מקורית|שהועברה
|मूल|অগ্রেষিত|ต้นฉบับ|ส่งต่อ|asli|diteruskan|asal|gốc|chuyển|tiếp|orihinal|reenviat|reencamiñada
|jatorrizko|upprunaleg|原始|原始邮件|原始郵件|转发|轉寄|回复的原邮件|元の|転送|원본|전달
"""

_FIELDS: Final = {
    "from": """
from|von|de|da|van|fra|från|frá|od|lähettäjä|saatja|no|nuo|kimden|gönderen|feladó|de la|expeditor|от|від
|ад|од|από|من|از|מאת|प्रेषक|থেকে|จาก|dari|từ|mula kay|nga|kutoka kwa|发件人|寄件者|寄件人|差出人|送信者
|보낸 사람|보낸사람|发送人|кім|kimdən|šalje|шаље|pošilja|daripada|oddi wrth|від кого|adressant
|expéditeur|remitente|remetente|mittente|afzender|absender|avsändare|afsender|avsender|odesílatel
|odosielateľ|nadawca|pošiljatelj|отправитель|відправник|подател|nork|oddiwrth|ó|გამგზავნი|ումից|кимден
""",
    "date": """
sent|date|sent at|gesendet|gesendet am|datum|envoyé|envoyé le|date d'envoi|enviado|enviado el|enviada
|enviada em|enviado em|fecha|data|inviato|inviata|verzonden|skickat|skickat den|sendt|dato|dags
|dagsetning|lähetetty|päivämäärä|päiväys|saadetud|kuupäev|nosūtīts|datums|išsiųsta|wysłano|odesláno
|odoslané|dátum|elküldve|küldve|küldés dátuma|trimis|trimis la|dată|изпратено|отправлено|дата
|дата отправки|надіслано|відправлено|адпраўлена|послато|датум|poslano|poslato|испратено|dërguar
|ημερομηνία|στάλθηκε|αποστολή|gönderilme|gönderilen|gönderme tarihi|gönderildi|gönderilme tarihi|tarih
|göndərilib|تاريخ الإرسال|التاريخ|تم الإرسال|أرسلت|تاریخ|ارسال|נשלח|תאריך|भेजा|भेजा गया|दिनांक|প্রেরিত
|ส่ง|วันที่|ส่งเมื่อ|anfonwyd|terkirim|dikirim|tanggal|dihantar|tarikh|đã gửi|ngày|gửi|ipinadala|petsa
|ilitumwa|发送时间|发件时间|时间|日期|发送日期|寄件日期|傳送時間|送信日時|日付|日時|보낸 날짜|날짜
|보낸날짜|보낸 시간|enviat|bidalia|enviat el
""",
    "to": """
to|an|à|a|para|aan|till|til|vastaanottaja|kenelle|saaja|kellele|kam|do|komu|pre|címzett|către|до|кому
|каму|за|коме|za|prima|për|προς|kime|alıcı|kimə|إلى|به|אל|प्रति|प्राप्तकर्ता|প্রতি|ถึง|kepada|untuk|đến
|tới|para kay|kwa|收件人|收件者|宛先|받는 사람|받는사람|per a|nori|i|destinataire|destinatario
|destinatário|empfänger|ontvanger|mottagare|modtager|mottaker|примач|получатель
""",
    "cc": """
cc|bcc|kopie|copie|copia|cópia|kopia|kopi|kopio|másolatot kap|másolat|копия|копія|bilgi|抄送|副本|참조
|スクリプト|nusxa|kópia|κοιν.|نسخة|עותק
""",
    "subject": """
subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|efni|aihe|teema|tēma|temats|tema|temat
|předmět|predmet|tárgy|subiect|тема|относно|тэма|предмет|naslov|zadeva|lënda|θέμα|konu|mövzu|الموضوع
|موضوع|נושא|विषय|বিষয়|เรื่อง|หัวเรื่อง|subjek|perihal|chủ đề|tiêu đề|paksa|pwnc|mada|主题|主旨|件名
|제목|assumpte|gaia|标题
""",
}

_CARD = """
name|full name|first name|last name|surname|title|position|role|affiliation|institution|organization
|organisation|company|university|department|occupation|profession|e-mail|email|mail|e mail|contact|phone
|tel|telephone|website|web|homepage|url|orcid|github|twitter|mastodon|city|town|country|location|place
|address|postcode|zip|age|reason|comment|note|ps|p.s|edit|update|when|where|who|what|why|how|time
|vorname|nachname|einrichtung|institut|universität|beruf|ort|stadt|land|wann|wo|nom|prénom|ville|pays
|courriel|nombre|apellido|ciudad|país|correo|nome|cognome|città|naam|namn|navn|nimi|imię|jméno|ad|név
|имя|фамилия|город|姓名|名字|单位|邮箱|氏名|所属|이름|소속
"""

_REPLY = """
re|aw|wg|fw|fwd|tr|rv|sv|vs|vl|vb|vá|odp|pd|ynt|ilt|i|r|res|enc|rif|antw|doorst|ats|atb|ang|bls|πρθ|απ
|σχετ|на|отв|отг|ha|hd|tl|trả lời|回复|答复|转发|回覆|轉寄|返信|転送|회신|전달|השב|הועבר|رد|إعادة توجيه
|پاسخ|ตอบ|ส่งต่อ|balas
"""


def _set(text: str) -> frozenset[str]:
    return frozenset(word.strip().casefold() for word in text.replace("\n", "|").split("|") if word.strip())


def _any(text: str) -> str:
    return "|".join(re.escape(word) for word in sorted(_set(text), key=lambda word: (-len(word), word)))


FIELD_OF: Final = {name: field for field, names in _FIELDS.items() for name in _set(names)}
"""Which field of a mail's header a name means. Where one means several, the last."""
CARD: Final = _set(_CARD)
"""What people call the lines of their own details by, and other things that no header has."""
WROTE: Final = re.compile(
    rf"(?<![^\W\d_])(?:{_any(_WROTE)})(?![^\W\d_])|(?:写道|寫道|写到|撰寫|書きました|작성|เขียน)"
)
MESSAGE: Final = re.compile(_any(_NOUN))
ORIGINAL: Final = re.compile(_any(_ADJECTIVE))
REPLY: Final = re.compile(rf"(?:{_any(_REPLY)})\s?(?:\[\d+\])?\s?[:：]")
LEADS: Final = re.compile(
    r"(?:on|at|am|den|le|el|il(?: giorno)?|op|em|dnia|w dniu|dne|dňa|v|pe|la|на|у|в|the|vào|pada|tarihinde|ve|στις"
    r"|in data|quoting|zitat von|citando|citat)\b"
)
PROSE: Final = re.compile(
    r"\b(?:the|is|are|was|were|and|this|that|these|my|me|we|us|our|i|you|your|have|has|will|would|for|please|who|what"
    r"|why|because|with|about|from|not|be|to|of|an|it|they|she|he|her|his|can|should|see|here|there|if|or|as|so|by|signed"
    r"|und|ist|sind|ich|wir|sie|nicht|für|mit|dass|das|die|der|bitte|est|sont|et|les|des|nous|vous|je|pour|que|qui"
    r"|y|los|las|por|para|con|nosotros|è|sono|che|per|noi|и|не|мы|что|это|для)\b"
)
