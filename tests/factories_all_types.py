"""One questionnaire with every question type in every language of the customers' pages."""

from __future__ import annotations

from typing import Any

from tests.factories_surveys import questionnaire

LANGUAGES = ("en", "tr", "fa", "de", "es", "fr", "ar")


def texts(*in_order: str) -> dict[str, str]:
    return dict(zip(LANGUAGES, in_order, strict=True))


RECOMMEND = texts(
    "How likely is it that you would recommend Acme to a friend or colleague?",
    "Acme'yi bir arkadaşınıza veya meslektaşınıza tavsiye etme olasılığınız nedir?",
    "چقدر احتمال دارد اکمی را به یک دوست یا همکار خود توصیه کنید؟",
    "Wie wahrscheinlich ist es, dass Sie Acme einem Freund oder Kollegen weiterempfehlen?",
    "¿Qué probabilidad hay de que recomiende Acme a un amigo o colega?",
    "Quelle est la probabilité que vous recommandiez Acme à un ami ou un collègue ?",
    "ما مدى احتمال أن توصي بأكمي لصديق أو زميل؟",
)
EASY = texts(
    "Acme made it easy for me to handle my issue.",
    "Acme, sorunumu çözmemi kolaylaştırdı.",
    "اکمی رسیدگی به مشکلم را برایم آسان کرد.",
    "Acme hat es mir leicht gemacht, mein Anliegen zu erledigen.",
    "Acme me facilitó resolver mi problema.",
    "Acme m'a facilité la résolution de mon problème.",
    "سهّلت عليّ أكمي حل مشكلتي.",
)
SATISFIED = texts(
    "How satisfied or dissatisfied are you with our help?",
    "Yardımımızdan ne kadar memnunsunuz?",
    "از کمک ما چقدر راضی یا ناراضی هستید؟",
    "Wie zufrieden oder unzufrieden sind Sie mit unserer Hilfe?",
    "¿Qué tan satisfecho o insatisfecho está con nuestra ayuda?",
    "Êtes-vous satisfait ou insatisfait de notre aide ?",
    "ما مدى رضاك أو عدم رضاك عن مساعدتنا؟",
)
DISAPPOINTED = texts(
    "How would you feel if you could no longer use Acme?",
    "Acme'yi artık kullanamasaydınız ne hissederdiniz?",
    "اگر دیگر نمی‌توانستید از اکمی استفاده کنید، چه احساسی داشتید؟",
    "Wie ginge es Ihnen, wenn Sie Acme nicht mehr nutzen könnten?",
    "¿Cómo se sentiría si ya no pudiera usar Acme?",
    "Que ressentiriez-vous si vous ne pouviez plus utiliser Acme ?",
    "كيف ستشعر إن لم يعد بإمكانك استخدام أكمي؟",
)
SOLVED = texts(
    "Is your request solved?",
    "Talebiniz çözüldü mü?",
    "آیا درخواست شما حل شد؟",
    "Ist Ihr Anliegen gelöst?",
    "¿Se resolvió su solicitud?",
    "Votre demande est-elle résolue ?",
    "هل تم حل طلبك؟",
)
REASON = texts(
    "What was the main reason?",
    "Başlıca neden neydi?",
    "دلیل اصلی چه بود؟",
    "Was war der Hauptgrund?",
    "¿Cuál fue el motivo principal?",
    "Quelle était la raison principale ?",
    "ما السبب الرئيسي؟",
)
SLOW = texts(
    "It took too long", "Çok uzun sürdü", "خیلی طول کشید", "Es hat zu lange gedauert", "Tardó demasiado",
    "C'était trop long", "استغرق وقتًا طويلًا",
)  # fmt: skip
UNCLEAR = texts(
    "The answer was hard to understand", "Yanıt anlaşılması zordu", "فهم پاسخ دشوار بود",
    "Die Antwort war schwer zu verstehen", "La respuesta era difícil de entender",
    "La réponse était difficile à comprendre", "كان من الصعب فهم الإجابة",
)  # fmt: skip
OTHER = texts(
    "Something else", "Başka bir şey", "چیز دیگری", "Etwas anderes", "Otra cosa", "Autre chose", "شيء آخر"
)
NONE = texts(
    "None of these", "Hiçbiri", "هیچ‌کدام", "Nichts davon", "Ninguna de estas", "Aucune", "لا شيء مما سبق"
)
BETTER = texts(
    "What could we do better?", "Neyi daha iyi yapabiliriz?", "چه کاری را می‌توانستیم بهتر انجام دهیم؟",
    "Was können wir besser machen?", "¿Qué podríamos hacer mejor?", "Que pourrions-nous améliorer ?",
    "ما الذي يمكننا تحسينه؟",
)  # fmt: skip
PHONE = texts("Product", "Ürün", "محصول", "Produkt", "Producto", "Produit", "المنتج")
SUPPORT = texts("Support", "Destek", "پشتیبانی", "Betreuung", "Asistencia", "Assistance", "الدعم")
POOR = texts("Very poor", "Çok kötü", "خیلی بد", "Sehr schlecht", "Muy malo", "Très mauvais", "سيئ جدًا")
GOOD = texts("Very good", "Çok iyi", "خیلی خوب", "Sehr gut", "Muy bueno", "Très bon", "جيد جدًا")
EMAIL = texts(
    "Where may we answer you?", "Size nereden yanıt verelim?", "پاسخ را به کجا بفرستیم؟",
    "Wohin dürfen wir antworten?",
    "¿Dónde podemos responderle?", "Où pouvons-nous vous répondre ?", "إلى أين نرسل الرد؟",
)  # fmt: skip
HOURS = texts("hours", "saat", "ساعت", "Stunden", "horas", "heures", "ساعات")
HOW_LONG = texts(
    "How long did it take?", "Ne kadar sürdü?", "چقدر طول کشید؟", "Wie lange hat es gedauert?",
    "¿Cuánto tiempo llevó?", "Combien de temps cela a-t-il pris ?", "كم استغرق ذلك من الوقت؟",
)  # fmt: skip
WHEN = texts(
    "On which day was it?", "Hangi gündü?", "چه روزی بود؟", "An welchem Tag war das?", "¿Qué día fue?",
    "Quel jour était-ce ?", "في أي يوم كان ذلك؟",
)  # fmt: skip
MATTERS = texts(
    "What matters most to you?", "Sizin için en önemli olan nedir?", "چه چیزی برای شما مهم‌تر است؟",
    "Was ist Ihnen am wichtigsten?", "¿Qué es lo más importante para usted?",
    "Qu'est-ce qui compte le plus pour vous ?", "ما الأهم بالنسبة لك؟",
)  # fmt: skip
QUOTE = texts(
    "May we quote your answer?", "Yanıtınızı alıntılayabilir miyiz?", "آیا می‌توانیم پاسخ شما را نقل کنیم؟",
    "Dürfen wir Ihre Antwort zitieren?", "¿Podemos citar su respuesta?",
    "Pouvons-nous citer votre réponse ?", "هل يمكننا اقتباس إجابتك؟",
)  # fmt: skip
QUOTED = texts(
    "Acme may publish my answer without my name.", "Acme yanıtımı adım olmadan yayımlayabilir.",
    "اکمی می‌تواند پاسخ من را بدون نام منتشر کند.", "Acme darf meine Antwort ohne Namen veröffentlichen.",
    "Acme puede publicar mi respuesta sin mi nombre.", "Acme peut publier ma réponse sans mon nom.",
    "يجوز لأكمي نشر إجابتي دون اسمي.",
)  # fmt: skip
LAST = texts(
    "Two short questions are left.", "İki kısa soru kaldı.", "دو پرسش کوتاه مانده است.",
    "Es folgen noch zwei kurze Fragen.", "Quedan dos preguntas cortas.", "Il reste deux courtes questions.",
    "بقي سؤالان قصيران.",
)  # fmt: skip

OPTIONS: list[dict[str, Any]] = [
    {"key": "slow", "text": SLOW},
    {"key": "unclear", "text": UNCLEAR},
    {"key": "product", "text": PHONE},
    {"key": "support", "text": SUPPORT},
    {"key": "other", "text": OTHER, "role": "other", "other_text": True},
]
SCALE_5 = {"min": 1, "max": 5, "labels": {1: POOR, 5: GOOD}}

EVERYTHING = questionnaire(
    {"key": "nps", "type": "nps", "text": RECOMMEND, "required": True, "not_applicable": True},
    {"key": "enps", "type": "enps", "text": RECOMMEND},
    {"key": "ces", "type": "ces", "text": EASY},
    {"key": "csat", "type": "csat", "text": SATISFIED, "required": True, "prefer_not_to_say": True},
    {"key": "stars", "type": "stars", "text": SATISFIED},
    {"key": "smileys", "type": "smileys", "text": SATISFIED},
    {"key": "faces", "type": "smileys", "faces": 3, "text": SATISFIED},
    {"key": "thumbs", "type": "thumbs", "text": SOLVED},
    {"key": "pmf", "type": "pmf", "text": DISAPPOINTED},
    {
        "key": "rating",
        "type": "rating",
        "text": SATISFIED,
        "scale": SCALE_5,
        "not_applicable": True,
        "dont_know": True,
    },
    {"key": "single", "type": "single", "text": REASON, "options": OPTIONS, "randomize": True},
    {
        "key": "multi",
        "type": "multi",
        "text": REASON,
        "options": [*OPTIONS, {"key": "none", "text": NONE, "role": "none"}],
        "randomize": True,
        "required": True,
    },
    {
        "key": "matrix",
        "type": "matrix",
        "text": SATISFIED,
        "rows": [{"key": "product", "text": PHONE}, {"key": "support", "text": SUPPORT}],
        "scale": SCALE_5,
        "required": True,
        "not_applicable": True,
        "opt_out_in_rows": True,
    },
    {"key": "dropdown", "type": "single", "display": "dropdown", "text": REASON, "options": OPTIONS},
    {"key": "hours", "type": "number", "text": HOW_LONG, "unit": HOURS, "decimals": 1, "max": 100},
    {"key": "day", "type": "date", "text": WHEN, "min": "2020-01-01"},
    {"key": "ranking", "type": "ranking", "text": MATTERS, "options": OPTIONS[:4], "not_applicable": True},
    {"key": "consent", "type": "consent", "text": QUOTE, "box": QUOTED},
    {"key": "note", "type": "note", "text": LAST},
    {"key": "text", "type": "text", "text": BETTER},
    {"key": "contact", "type": "text", "text": EMAIL, "contact": "email", "required": True},
    languages=LANGUAGES,
    key="everything",
)
