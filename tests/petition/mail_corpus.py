"""How mail programs begin what they quote, in many languages; and what people write that only looks like it."""

from __future__ import annotations

ATTRIBUTIONS = """
On Mon, Mar 2, 2026 at 10:00 AM Ben Low <ben@example.org> wrote:
On Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org> wrote:
On Mon, 2 Mar 2026, 10:00 Ben Low, <notifications@github.com> wrote:
On Mon, Mar 2, 2026 at 10:00 Ben Low ***@***.***> wrote:
On Mon, Mar 2, 2026, 10:00 AM Ben Low ***@***.***> wrote:
On Mon, Mar 2, 2026 Ben Low @.***> wrote:
On Mar 2, 2026, at 10:00 AM, Ben Low <notifications@github.com> wrote:
On 2. Mar 2026, at 10:00, Ben Low <***@***.***> wrote:
On 2 Mar 2026, 10:00 +0100, Ben Low <ben@example.org>, wrote:
On Mar 2 2026, at 10:00 am, Ben Low <ben@example.org> wrote:
On Monday, March 2nd, 2026 at 10:00 AM, Ben Low <ben@example.org> wrote:
On 3/2/26 10:00, Ben Low wrote:
On 02/03/2026 10:00, Ben Low wrote:
On 2026-03-02 10:00, Ben Low wrote:
On 02.03.26 10:00, Ben Low via GitHub wrote:
On Mon, 2026-03-02 at 10:00 +0000, Ben Low wrote:
On Mon, Mar 02, 2026 at 10:00:00AM +0000, Ben Low wrote:
On Monday, March 2, 2026 at 10:00:00 AM GMT+1, Ben Low <notifications@github.com> wrote:
At 2026-03-02 10:00:00, "Ben Low" <ben@example.org> wrote:
Ben Low <ben@example.org> wrote on Mon, 2 Mar 2026 at 10:00:
Ben Low wrote on 02/03/2026 10:00:
---- On Mon, 02 Mar 2026 10:00:00 +0000 Ben Low <notifications@github.com> wrote ----
---- On Mon, 02 Mar 2026 10:00:00 +0000 Ben Low <notifications@github.com> wrote ---
 ---- Am Mo., 02 März 2026 10:00:00 +0000 Ben Low <ben@example.org> schrieb ----
---- Le lun., 02 mars 2026 10:00:00 +0000 Ben Low <ben@example.org> a écrit ----
---- En lun, 02 mar. 2026 10:00:00 +0000 Ben Low <ben@example.org> escribió ----
---- Mon, 02 Mar 2026 10:00:00 +0900 Ben Low <ben@example.org> さんは書きました ----
---- 在 星期一, 02 三月 2026 10:00:00 +0800 Ben Low <ben@example.org> 写入 ----
Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ben Low <ben@example.org>:
Am 02.03.2026 um 10:00 schrieb Ben Low:
Am 02.03.26 um 10:00 schrieb Ben Low via GitHub:
Am 02.03.2026 um 10:00 schrieb Ben Low ***@***.***>:
Am Montag, 2. März 2026, 10:00:00 MEZ hat Ben Low <ben@example.org> Folgendes geschrieben:
Ben Low <ben@example.org> schrieb am Mo., 2. März 2026, 10:00:
Ben Low schrieb am 02.03.2026 um 10:00:
Am 2026-03-02 10:00, schrieb Ben Low:
Le lun. 2 mars 2026 à 10:00, Ben Low <ben@example.org> a écrit :
Le 02/03/2026 à 10:00, Ben Low a écrit :
Le 2 mars 2026 à 10:00, Ben Low <ben@example.org> a écrit :
Le lundi 2 mars 2026 à 10:00:00 UTC+1, Ben Low <ben@example.org> a écrit :
Ben Low <ben@example.org> a écrit le lun. 2 mars 2026 à 10 h 00 :
El lun, 2 mar 2026 a las 10:00, Ben Low (<ben@example.org>) escribió:
El lun., 2 mar. 2026 10:00 a. m., Ben Low <ben@example.org> escribió:
El 2 mar 2026, a las 10:00, Ben Low <ben@example.org> escribió:
El 2/3/26 a las 10:00, Ben Low escribió:
El lunes, 2 de marzo de 2026, 10:00:00 CET, Ben Low <ben@example.org> escribió:
Em seg., 2 de mar. de 2026 às 10:00, Ben Low <ben@example.org> escreveu:
Em 02/03/2026 10:00, Ben Low escreveu:
Em segunda-feira, 2 de março de 2026 10:00:00 BRT, Ben Low <ben@example.org> escreveu:
No dia 2 de mar. de 2026, às 10:00, Ben Low <ben@example.org> escreveu:
Ben Low <ben@example.org> escreveu (segunda, 2/03/2026 à(s) 10:00):
Il giorno lun 2 mar 2026 alle ore 10:00 Ben Low <ben@example.org> ha scritto:
Il 02/03/2026 10:00, Ben Low ha scritto:
Il lun 2 mar 2026, 10:00 Ben Low <ben@example.org> ha scritto:
Il lunedì 2 marzo 2026 alle ore 10:00:00 CET, Ben Low <ben@example.org> ha scritto:
Op ma 2 mrt 2026 om 10:00 schreef Ben Low <ben@example.org>:
Op 02-03-2026 om 10:00 schreef Ben Low:
Op 2 mrt 2026, om 10:00 heeft Ben Low <ben@example.org> het volgende geschreven:
Op maandag 2 maart 2026 om 10:00:00 CET schreef Ben Low <ben@example.org>:
Den mån 2 mars 2026 kl 10:00 skrev Ben Low <ben@example.org>:
Den 2026-03-02 kl. 10:00, skrev Ben Low:
2 mars 2026 kl. 10:00 skrev Ben Low <ben@example.org>:
Den man. 2. mar. 2026 kl. 10.00 skrev Ben Low <ben@example.org>:
Den 02.03.2026 kl. 10.00 skrev Ben Low:
man. 2. mars 2026 kl. 10:00 skrev Ben Low <ben@example.org>:
mán., 2. mar. 2026 kl. 10:00 skrifaði Ben Low <ben@example.org>:
ma 2. maalisk. 2026 klo 10.00 Ben Low (***@***.***) kirjoitti:
ma 2. maalisk. 2026 klo 10.00 Ben Low (ben@example.org) kirjoitti:
Ben Low kirjoitti 2.3.2026 klo 10.00:
Kuupäev: 2. märts 2026 kell 10:00 kirjutas Ben Low <ben@example.org>:
Ben Low <ben@example.org> kirjutas kuupäeval E, 2. märts 2026 kell 10:00:
pirmd., 2026. g. 2. marts, plkst. 10:00 — lietotājs Ben Low (<ben@example.org>) rakstīja:
2026-03-02, pr, 10:00 Ben Low <ben@example.org> rašė:
pon., 2 mar 2026 o 10:00 Ben Low <ben@example.org> napisał(a):
W dniu 2.03.2026 o 10:00, Ben Low pisze:
W dniu poniedziałek, 2 marca 2026 10:00:00 CET Ben Low <ben@example.org> napisał(a):
Wiadomość napisana przez Ben Low <ben@example.org> w dniu 2 mar 2026, o godz. 10:00:
po 2. 3. 2026 v 10:00 odesílatel Ben Low <ben@example.org> napsal:
Dne 02. 03. 26 v 10:00 Ben Low napsal(a):
Dne pondělí 2. března 2026 10:00:00 SEČ, Ben Low <ben@example.org> napsal(a):
po 2. 3. 2026 o 10:00 Ben Low <ben@example.org> napísal(a):
Dňa 2. 3. 2026 o 10:00 Ben Low napísal(a):
Ben Low <ben@example.org> ezt írta (időpont: 2026. márc. 2., H, 10:00):
2026. 03. 02. 10:00 keltezéssel, Ben Low írta:
Pe lun., 2 mar. 2026 la 10:00, Ben Low <ben@example.org> a scris:
La lun., 2 mar. 2026 la 10:00, Ben Low <ben@example.org> a scris:
În lun., 2 mar. 2026 la 10:00, Ben Low <ben@example.org> a scris:
На пн, 2.03.2026 г. в 10:00 Ben Low <ben@example.org> написа:
пн, 2 мар. 2026 г. в 10:00, Ben Low <ben@example.org>:
пн, 2 мар. 2026 г., 10:00 Ben Low <ben@example.org>:
02.03.2026 10:00, Ben Low пишет:
2 марта 2026 г., в 10:00, Ben Low <ben@example.org> написал(а):
Понедельник, 2 марта 2026, 10:00 +03:00 от Ben Low <ben@example.org>:
02.03.2026, 10:00, "Ben Low" <ben@example.org>:
пн, 2 бер. 2026 р. о 10:00 Ben Low <ben@example.org> пише:
02.03.26 10:00, Ben Low пише:
У панядзелак, 2 сакавіка 2026 г. 10:00 Ben Low <ben@example.org> піша:
пон, 2. мар 2026. у 10:00 Ben Low <ben@example.org> је написао/ла:
pon, 2. ožu 2026. u 10:00 Ben Low <ben@example.org> napisao je:
pon., 2. ožu 2026. u 10:00 Ben Low <ben@example.org> je napisao/la:
V V pon., 2. mar. 2026 ob 10:00 je oseba Ben Low <ben@example.org> napisala:
Dana 2.3.2026. u 10:00, Ben Low je napisao/la:
На пон., 2 мар. 2026 во 10:00, Ben Low <ben@example.org> напиша:
Në hën, 2 mar 2026 në 10:00, Ben Low <ben@example.org> shkroi:
Στις Δευ 2 Μαρ 2026 στις 10:00 π.μ., ο χρήστης Ben Low <ben@example.org> έγραψε:
Στις 2/3/26 10:00, ο Ben Low έγραψε:
Ben Low <notifications@github.com>, 2 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:
2.03.2026 10:00 tarihinde Ben Low yazdı:
Ben Low (***@***.***), 2 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:
B.e, 2 mart 2026, 10:00 tarixində Ben Low <ben@example.org> yazdı:
ორშ, 2 მარ. 2026, 10:00 Ben Low <ben@example.org> დაწერა:
Երկ, 2 մրտ, 2026 թ. ժամը 10:00, Ben Low <ben@example.org> գրել է.:
\u202bבתאריך יום ב׳, 2 במרץ 2026 ב-10:00 מאת \u202aBen Low\u202c\u200f <\u202aben@example.org\u202c\u200f>:\u202c
ב-2.3.2026 10:00, Ben Low כתב:
في الاثنين، 2 مارس 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Ben Low <ben@example.org>:\u200f
في ٢ مارس ٢٠٢٦، الساعة ١٠:٠٠، كتب Ben Low <ben@example.org>:
در تاریخ دوشنبه ۲ مارس ۲۰۲۶، ۱۰:۰۰ Ben Low <ben@example.org> نوشت:
در دوشنبه ۱۱ اسفند ۱۴۰۴ ساعت ۱۰:۰۰ Ben Low <ben@example.org> نوشت:
پیر، 2 مارچ، 2026 کو 10:00 پر Ben Low <ben@example.org> نے لکھا:
सोम, 2 मार्च 2026 को 10:00 am बजे को Ben Low <ben@example.org> ने लिखा:
सोम, २ मार्च, २०२६ रोजी १०:०० वाजता Ben Low <ben@example.org> ने लिहिले:
সোম, ২ মার্চ, ২০২৬ তারিখে ১০:০০ AM টায় তারিখে Ben Low <ben@example.org> লিখেছেন:
திங்., 2 மார்., 2026, முற்பகல் 10:00 அன்று, Ben Low <ben@example.org> எழுதியது:
సోమ, 2 మార్చి, 2026న 10:00 AMకి, Ben Low <ben@example.org> వీరు ఇలా రాశారు:
ในวันที่ จ. 2 มี.ค. 2026 เวลา 10:00 Ben Low <ben@example.org> เขียนว่า:
เมื่อ จ. 2 มี.ค. 2569 เวลา 10:00 Ben Low <ben@example.org> เขียนว่า:
Vào Th 2, 2 thg 3, 2026 vào lúc 10:00 Ben Low <ben@example.org> đã viết:
Pada tanggal Sen, 2 Mar 2026 pukul 10.00 Ben Low <ben@example.org> menulis:
Pada Isn, 2 Mac 2026 pada 10:00 PG Ben Low <ben@example.org> menulis:
Noong Lun, Mar 2, 2026 nang 10:00 AM, sinulat ni Ben Low <ben@example.org> ang:
Mnamo Jtt, 2 Mac 2026 saa 10:00, Ben Low <ben@example.org> aliandika:
Ben Low <ben@example.org> 于2026年3月2日周一 10:00写道：
Ben Low <ben@example.org> 於 2026年3月2日 週一 上午10:00寫道：
在 2026年3月2日，10:00，Ben Low <ben@example.org> 写道：
在 2026-03-02 10:00:00，"Ben Low" <ben@example.org> 写道：
在 2026/3/2 10:00, Ben Low 写道:
2026年3月2日(月) 10:00 Ben Low <ben@example.org>:
2026/03/02 10:00、Ben Low <ben@example.org>のメール:
On 2026/03/02 10:00, Ben Low wrote:
2026년 3월 2일 (월) 오전 10:00, Ben Low <ben@example.org>님이 작성:
2026. 3. 2. 오전 10:00, Ben Low <ben@example.org> 작성:
2026-03-02 10:00에 Ben Low 이(가) 쓴 글:
El dl., 2 de març 2026 a les 10:00, Ben Low (<ben@example.org>) va escriure:
O luns, 2 de mar. de 2026 ás 10:00, Ben Low (<ben@example.org>) escribiu:
Ben Low (<ben@example.org>) erabiltzaileak hau idatzi du (2026 mar. 2, al. (10:00)):
Ar Luan 2 Márta 2026 ag 10:00, scríobh Ben Low <ben@example.org>:
Ar Llun, 2 Maw 2026 am 10:00 ysgrifennodd Ben Low <ben@example.org>:
Je lun, 2 Mar 2026 je 10:00, Ben Low <ben@example.org> skribis:
Op Ma. 02 Mrt. 2026 om 10:00 het Ben Low <ben@example.org> geskryf:
Ben Low ***@***.***> writes:
Ben Low <ben@example.org> writes:
Quoting Ben Low <ben@example.org>:
Zitat von Ben Low <ben@example.org>:
Quoting Ben Low ***@***.***>:
Dú 2 Már 2026 ar 10:00 Ben Low <ben@example.org> do scrib na focail seo:
Tuns, 02 Zzmr 2026 z 10:00 Ben Low <ben@example.org> gwrzymal:
Ben Low [mailto:ben@example.org] 2026-03-02 10:00:
*On Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org> wrote:*
**On Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org> wrote:**
On Mon, 2 Mar 2026 at 10:00, Ben Low <[ben@example.org](mailto:ben@example.org)> wrote:
On Mon, 2 Mar 2026 at 10:00, Ben Low\u00a0<ben@example.org>\u00a0wrote:\u00a0
On Mon, Mar 2, 2026 at 10:00 AM Ben Low ***@***.***> wrote: Please sign.
On Mon, Mar 2, 2026 at 10:00 AM Ben Low ***@***.***> wrote
Ben Low wrote:
Ben Low writes:
Ben Low schrieb:
Quoting Ben Low (2026-03-02 10:00:00)
"""

BROKEN = """
On Mon, 2 Mar 2026 at 10:00, Ben Low|<ben@example.org> wrote:
On Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org>|wrote:
On Monday, 2 March 2026|at 10:00 Ben Low|<ben@example.org> wrote:
On Monday, 2 March 2026|at 10:00|Ben Low <ben@example.org>|wrote:
On Mon, 2 Mar 2026 10:00:00 +0000|Ben Low <ben@example.org> wrote:
Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ben Low|<ben@example.org>:
Le lun. 2 mars 2026 à 10:00, Ben Low <ben@example.org>|a écrit :
El lun, 2 mar 2026 a las 10:00, Ben Low|(<ben@example.org>)|escribió:
ma 2. maalisk. 2026 klo 10.00 Ben Low|(***@***.***) kirjoitti:
Ben Low <notifications@github.com>, 2 Mar 2026 Pzt,|10:00 tarihinde şunu yazdı:
пн, 2 мар. 2026 г. в 10:00, Ben Low|<ben@example.org>:
W dniu pon., 2 mar 2026 o 10:00 Ben Low|<ben@example.org> napisał(a):
Ben Low|<ben@example.org> 于2026年3月2日周一 10:00写道：
Στις Δευ 2 Μαρ 2026 στις 10:00 π.μ., ο χρήστης Ben Low|<ben@example.org>|έγραψε:
"""

SUBJECT = "Re: [lovelace/letters] An open letter (Issue #1)"
FIELDS = """
From|Sent|To|Subject|Monday, March 2, 2026 10:00 AM
From|Date|To|Subject|Mon, 2 Mar 2026 10:00:00 +0000
Von|Gesendet|An|Betreff|Montag, 2. März 2026 10:00
De|Envoyé|À|Objet|lundi 2 mars 2026 10:00
De|Date|À|Objet|2 mars 2026 à 10:00
De|Enviado el|Para|Asunto|lunes, 2 de marzo de 2026 10:00
De|Fecha|Para|Asunto|2 de marzo de 2026
De|Enviada em|Para|Assunto|segunda-feira, 2 de março de 2026 10:00
De|Data|Para|Assunto|02/03/2026 10:00
Da|Inviato|A|Oggetto|lunedì 2 marzo 2026 10:00
Van|Verzonden|Aan|Onderwerp|maandag 2 maart 2026 10:00
Från|Skickat|Till|Ämne|den 2 mars 2026 10:00
Fra|Sendt|Til|Emne|2. marts 2026 10:00
Frá|Sent|Til|Efni|mánudagur, 2. mars 2026 10:00
Lähettäjä|Lähetetty|Vastaanottaja|Aihe|maanantai 2. maaliskuuta 2026 10.00
Saatja|Saadetud|Adressaat|Teema|esmaspäev, 2. märts 2026 10:00
No|Nosūtīts|Kam|Temats|pirmdiena, 2026. gada 2. marts 10:00
Nuo|Išsiųsta|Kam|Tema|2026 m. kovo 2 d., pirmadienis 10:00
Od|Wysłano|Do|Temat|poniedziałek, 2 marca 2026 10:00
Od|Odesláno|Komu|Předmět|pondělí 2. března 2026 10:00
Od|Odoslané|Komu|Predmet|pondelok 2. marca 2026 10:00
Feladó|Elküldve|Címzett|Tárgy|2026. március 2., hétfő 10:00
De la|Trimis|Către|Subiect|luni, 2 martie 2026 10:00
От|Отправлено|Кому|Тема|2 марта 2026 г. 10:00
Від|Надіслано|Кому|Тема|2 березня 2026 р. 10:00
От|Изпратено|До|Относно|понеделник, 2 март 2026 г. 10:00
Šalje|Poslano|Prima|Predmet|2. ožujka 2026. 10:00
Od|Poslano|Za|Zadeva|ponedeljek, 02. marec 2026 10:00
Шаље|Послато|Прима|Предмет|понедељак, 2. март 2026. 10:00
Από|Στάλθηκε|Προς|Θέμα|Δευτέρα, 2 Μαρτίου 2026 10:00
Kimden|Gönderilme|Kime|Konu|2 Mart 2026 Pazartesi 10:00
Gönderen|Gönderilen|Alıcı|Konu|2 Mart 2026 Pazartesi 10:00
מאת|נשלח|אל|נושא|יום שני 2 מרץ 2026 10:00
من|تم الإرسال|إلى|الموضوع|الاثنين، 2 مارس، 2026 10:00 ص
از|ارسال|به|موضوع|دوشنبه، ۲ مارس ۲۰۲۶ ۱۰:۰۰
प्रेषक|भेजा गया|प्रति|विषय|02 मार्च 2026 10:00
จาก|ส่ง|ถึง|เรื่อง|2 มีนาคม 2569 10:00
Từ|Đã gửi|Đến|Chủ đề|02 Tháng Ba 2026 10:00
Dari|Dikirim|Kepada|Subjek|Senin, 02 Maret 2026 10:00
Daripada|Dihantar|Kepada|Subjek|Isnin, 2 Mac 2026 10:00
发件人|发送时间|收件人|主题|2026年3月2日 10:00
寄件者|寄件日期|收件者|主旨|2026年3月2日 上午 10:00
差出人|送信日時|宛先|件名|2026年3月2日 10:00
보낸 사람|보낸 날짜|받는 사람|제목|2026년 3월 2일 월요일 오전 10:00
De|Enviat|Per a|Assumpte|dilluns, 2 de març de 2026 10:00
Nork|Bidalia|Nori|Gaia|2026(e)ko martxoak 2 10:00
Oddi wrth|Anfonwyd|At|Pwnc|02 Mawrth 2026 10:00
Zwr|Plomk|Ghar|Vuzel|2 zzm 2026 10:00
"""


def headers() -> list[str]:
    """Return the header of a quoted mail in each language, as different programs write it."""
    found = []
    for line in FIELDS.strip().splitlines():
        sender, sent, to, subject, at = line.split("|")
        rows = [
            (sender, "Ben Low <notifications@github.com>"),
            (sent, at),
            (to, "lovelace/letters <letters@noreply.github.com>"),
            (subject, SUBJECT),
        ]
        found += [
            "\n".join(f"{name}: {value}" for name, value in rows),
            "\n".join(f"**{name}:** {value}" for name, value in rows),
            "\n".join(f"| {name} | {value} |" for name, value in rows),
            "\n".join(f"{name}：{value}" for name, value in [*rows[:1], *rows[3:], *rows[1:3]]),
            "\n".join(f"*{name} :* {value}" for name, value in [*rows[1:2], *rows[:1], *rows[2:]]),
            "________________________________\n" + "\n".join(f"{name}: {value}" for name, value in rows),
            f"{sender}: Ben Low\n{sent}: {at}\n{to}: Ada\n{subject}: Re: letter",
            "\n\n".join(f"{name}: {value}" for name, value in rows),
            f"{sender}: Ben <b@x.org>\n{sent}: {at}\n{to}: A <a@x.org>;\n  B <b@x.org>\n{subject}: Re: letter",
        ]
    return found


DIVIDERS = """
-----Original Message-----
----- Original Message -----
-------- Original Message --------
------- Original Message -------
------ Original Message ------
------------------ Original ------------------
------------------&nbsp;Original&nbsp;------------------
------------------ 原始邮件 ------------------
------------------&nbsp;原始邮件&nbsp;------------------
---- Replied Message ----
---- 回复的原邮件 ----
-------- 回复的原邮件 --------
---------- Forwarded message ---------
---------- Weitergeleitete Nachricht ----------
-----Ursprüngliche Nachricht-----
-------- Ursprüngliche Nachricht --------
-------- Originalnachricht --------
-------- Message d'origine --------
-----Message d’origine-----
---------- Message transféré ----------
-------- Mensaje original --------
---------- Mensaje reenviado ----------
-------- Mensagem original --------
-----Mensagem original-----
---------- Mensagem encaminhada ----------
-------- Messaggio originale --------
-----Messaggio originale-----
---------- Messaggio inoltrato ----------
-------- Oorspronkelijk bericht --------
-----Oorspronkelijk bericht-----
-------- Doorgestuurd bericht --------
-------- Originalmeddelande --------
-----Ursprungligt meddelande-----
---------- Vidarebefordrat meddelande ----------
-------- Oprindelig meddelelse --------
-----Oprindelig meddelelse-----
-------- Opprinnelig melding --------
-----Opprinnelig melding-----
-------- Alkuperäinen viesti --------
-----Alkuperäinen viesti-----
-------- Algne sõnum --------
-------- Sākotnējais ziņojums --------
-------- Pradinis laiškas --------
-------- Oryginalna wiadomość --------
-----Oryginalna wiadomość-----
-------- Wiadomość oryginalna --------
---------- Przekazana wiadomość ----------
-------- Původní zpráva --------
---------- Původní e-mail ----------
-----Původní zpráva-----
-------- Pôvodná správa --------
-------- Eredeti üzenet --------
-----Eredeti üzenet-----
-------- Mesaj original --------
-------- Mesajul original --------
-------- Исходное сообщение --------
-----Исходное сообщение-----
-------- Пересылаемое сообщение --------
-------- Оригінальне повідомлення --------
-------- Початкове повідомлення --------
-------- Оригинално съобщение --------
-------- Оригинална порука --------
-------- Izvorna poruka --------
-------- Izvirno sporočilo --------
-------- Αρχικό μήνυμα --------
-----Αρχικό μήνυμα-----
-------- Orijinal mesaj --------
-------- Özgün ileti --------
-----Özgün İleti-----
-------- הודעה מקורית --------
-------- الرسالة الأصلية --------
-------- پیام اصلی --------
-------- मूल संदेश --------
-------- ข้อความต้นฉบับ --------
-------- Tin nhắn gốc --------
-------- Pesan asli --------
-------- Mesej asal --------
-------- 元のメッセージ --------
--------- 원본 메일 ---------
-------- 원본 이메일 --------
-------- Missatge original --------
-------- Mensaxe orixinal --------
-------- Upprunaleg skilaboð --------
-------- Teachtaireacht bhunúsach é --------
======== Oryginalna wiadomość ========
________________________________
-- 
Begin forwarded message:
Reply to this email directly, view it on GitHub, or unsubscribe.
Reply to this email directly, view it on GitHub <https://github.com/lovelace/letters/issues/1>, or unsubscribe.
"""  # noqa: W291

TAILS = [
    *ATTRIBUTIONS.strip().splitlines(),
    *(f"{' ' * indent}{line}" for indent in (1, 3) for line in ATTRIBUTIONS.strip().splitlines()[::5]),
    *(one.replace("|", "\n") for one in BROKEN.strip().splitlines()),
    *headers(),
    *DIVIDERS.strip("\n").splitlines(),
]
"""What begins a quotation."""

INDENTED = [f"{' ' * indent}{line}" for indent in (4, 5, 6) for line in ATTRIBUTIONS.strip().splitlines()[:18]]
"""Attributions that Markdown shows as code, as Yahoo's are, after an empty line."""

PROSE = """
On Monday I will be in Berlin.
I signed on Monday, 2 March 2026.
On 2 March 2026 I read this letter.
It happened at 10:00:
Monday:
My reasons:
Here is why:
Dear all:
To whom it may concern:
Note: I have read it.
Update 2 March 2026:
Edit (2026-03-02):
Edit:
PS: Thanks to Ben Low.
As Ben Low wrote above, this matters.
Ben Low wrote it well.
@ben wrote: I agree.
I agree with what Ben wrote:
She wrote that we should sign:
Write to me at ada@example.org.
Write to me: ada@example.org
My address is ada@example.org:
You can reach me (ada@example.org) at any time.
Contact: ada@example.org
Email: ada@example.org
E-mail: Ada Lovelace <ada@example.org>
Name: Ada Lovelace
Name: Ada Lovelace|Affiliation: University of Elsewhere
Name: Ada Lovelace|E-mail: ada@example.org
Name: Ada Lovelace|Email: Ada <ada@example.org>|City: London
Name: Ada Lovelace|Date: 2 March 2026
**Name:** Ada Lovelace|**Affiliation:** Engines
Nom : Ada Lovelace|Ville : Paris|Courriel : ada@example.org
Vorname: Ada|Nachname: Lovelace|Ort: Berlin
Title: Professor|University: Elsewhere|Country: England
When: 2 March 2026, 10:00|Where: Berlin
Date: 2 March 2026
Date: today
Date: 2 March 2026|Place: Berlin
From: Berlin
From: London|Age: 36
From: Berlin|To: Paris|To: Rome
Pro: it is right|Con: it is late
Reason: Re: the last letter
First: read it.|Second: sign it.
https://example.org/letter
See: https://example.org/2026/03/02
https://example.org/a:
---
----
***
___
_______
-----
----------
--------------------------------
================
- - -
--
—
----- me -----
--- Ada ---
---- my reasons ----
=== Thanks ===
* * *
| a | b |
| Name | Ada |
a|---
Meeting on 2 March 2026 at 10:00 in the hall, and everybody is welcome:
The vote is on 2 March 2026 at 10:00, so please sign before:
We met on 2 March 2026, 10:00, and this is what we decided:
Please forward this message to all of your friends.
This is my original message:
I got it by mail.
From the bottom of my heart: yes.
From my desk, at 10:00:
On this:
On that note:
On behalf of all of us:
On that day I rewrote:
Once upon a time I wrote:
Ada, 36:
10:00
2026-03-02
2026-03-02 10:00
1:1
Am Montag war ich in Berlin:
Am 2. März 2026 war ich dort.
Meine Gründe:
Le lundi 2 mars 2026, nous étions là.
Voici pourquoi :
El lunes 2 de marzo estuve allí.
Mis razones:
Мои причины:
我的理由：
理由：
日期：今天
私の理由：
이유:
السبب:
Ich bin am 2. März 2026 um 10:00 dabei, und das ist der Grund:
Sent from my iPhone
Get Outlook for iOS
Best regards,|Ada
Thanks, Ben Low!
cc @ben
cc: @ben @eve
To: all of you
@ada: yes
:tada:
Yes: 100 %
Q: Why?|A: Because.
Agreed: 1. yes|Agreed: 2. yes
Ratio 3:2
ISO 8601: 2026-03-02T10:00:00Z
Tel: 030 123 45 67
Version: 1.2.3
"""

OWN = [one.replace("|", "\n") if not one.startswith("| ") else one for one in PROSE.strip("\n").splitlines()]
"""What people write before their command, which goes on to count whether or not it came by mail."""

SENTENCES = """
I support this since Monday, 2 March 2026 at 10:00:
On Monday, 2 March 2026, at 10:00 I read the letter:
On Mon 2 March at 10:00 we meet:
See you on Mon, 2 Mar 2026 at 10:00:
We meet Monday 2 March 2026 10:00 in Room 5:
Next meeting: Monday, 2 March 2026, 10:00
Next meeting: Monday, 2 March 2026, 10:00:
Contact Ada <ada@example.org> before 2 March 2026:
Contact Ada Lovelace <ada@example.org> by Monday 10:00:
As I wrote to Ada <ada@example.org> on Monday:
As I wrote on 2 March 2026:
As Ada Lovelace wrote on 2 March 2026 at 10:00:
Ada Lovelace wrote:
Quoting Ada:
Ada said on Monday:
My mail is ada@example.org, my name is:
Mail: ada@example.org|Day: Monday
Signed on 2026-03-02 at 10:00 by Ada Lovelace (ada@example.org):
Posted 2026-03-02 10:00
Seen at 10:00 on 2026-03-02:
Edit 2026-03-02 10:00: added my name.
EDIT 2026-03-02 10:00:
Update (2 March 2026, 10:00):
Ada Lovelace, University of Elsewhere, 2 March 2026:
Ada Lovelace <ada@example.org>:
Ada Lovelace (ada@example.org):
Please write to Ada Lovelace <ada@example.org>.
Heute, am 2. März 2026 um 10:00 Uhr, unterschreibe ich:
Am Montag, 2. März 2026 um 10:00 habe ich das gelesen:
Wie Ada am Montag schrieb:
Wie Ada am 2. März 2026 schrieb:
Le 2 mars 2026 à 10:00 je signe :
Aujourd'hui, lundi 2 mars 2026, je signe :
El lunes 2 de marzo de 2026 a las 10:00 firmo:
Сегодня, 2 марта 2026 в 10:00, я подписываю:
2026年3月2日，我签名：
2026年3月2日10:00 我签名：
2026年3月2日に署名します：
Date: 2026-03-02 10:00|Name: Ada
Time: Monday 2 March 2026 10:00|Who: Ada|Why: because
Subject: I support this
Subject: support|From: Ada
To the Rector, 2 March 2026:
Agenda for Monday 2 March 2026:|10:00 opening|11:00 vote
10:00 opening:|11:00 vote:
Log:|2026-03-02 10:00:00 started|2026-03-02 10:00:01 ended:
@ada @ben 10:00?
git@github.com:lovelace/letters.git
See git@github.com:lovelace/letters.git:
Thanks to ada@example.org and ben@example.org:
Source: notifications@github.com
I got a mail from notifications@github.com on Monday:
They mask it as ***@***.*** here.
My address is ***@***.***:
---- 2 March ----
-------- Überschrift --------
---- Grüße ----
=== Décision ===
-- Ada Lovelace, 2 March 2026:
* From: here
- To: there
1. From: A|2. To: B
The Guardian wrote:
"""

TYPED = [one.replace("|", "\n") for one in SENTENCES.strip().splitlines()]
"""What people type that may look like the beginning of a quotation, until it is known that they typed it."""
