"""Which tool a file comes from, and what its columns are, by their names.

The shapes were read in the vendors' public documentation: Qualtrics writes three header rows (name, wording, JSON with
an ImportId), SurveyMonkey two (question, option), the others one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from feedback.core.text.folding import fold_any


def bare_name(name: str) -> str:
    """A name of a column for comparison: without case, accents, spaces and signs."""
    return re.sub(r"[\W_]", "", fold_any(name))


ROLES: Mapping[str, Sequence[str]] = {
    role: [bare_name(word) for word in words.split()]
    for role, words in {
        "response.at": (
            "recordeddate enddate dateend datesubmitted submitdate submitdateutc submittedat submitted "
            "completedat datemodified respondedat responded responsedate responsetime responsecreatedat "
            "surveyresponsecreatedat answeredat timestamp createdat created date zamandamgasi zeitstempel "
            "horodateur marcatemporal tarih yanittarihi "
            "تاریخ تاریخپاسخ زمانپاسخ مهرزمانی"
        ),
        "response.id": "responseid respondentid surveyresponseid submissionid token id",
        "response.finished": "finished responsetype",
        "response.language": "userlanguage language locale respondentlanguage",
        "contact.email": (
            "recipientemail emailaddress email personemail contactemail respondentemail eposta epostaadresi "
            "adresseemail correoelectronico ایمیل پستالکترونیکی"
        ),
        "contact.phone": (
            "phone phonenumber mobile mobilephone personphonenumber telefon cep ceptelefonu تلفن موبایل"
        ),
        "contact.name": "name fullname personname contactname respondentname adsoyad isim نام نامکامل",
        "contact.external_id": (
            "externaldatareference externalreference customerid contactexternalid userid customdata1 customdata"
        ),
    }.items()
}
"""What a column can be beside an answer -> its names, without case, accents, spaces and signs; the best one first."""
SCORE_NAMES = frozenset(
    map(
        bare_name,
        [
            "score",
            "answer",
            "npsscore",
            "nps",
            "rating",
            "csat",
            "ces",
            "csatscore",
            "cesscore",
            "puan",
            "skor",
            "امتیاز",
        ],
    )
)
COMMENT_NAMES = frozenset(
    map(
        bare_name,
        [
            "comment",
            "comments",
            "feedback",
            "reason",
            "npscomment",
            "yorum",
            "yorumlar",
            "neden",
            "نظر",
            "نظرها",
            "دلیل",
        ],
    )
)
_LEFT_OUT = frozenset(
    [
        "startdate",
        "ipaddress",
        "progress",
        "durationinseconds",
        "duration",
        "locationlatitude",
        "locationlongitude",
        "distributionchannel",
        "collectorid",
        "startdateutc",
        "stagedate",
        "tags",
        "note",
        "notes",
        "segment",
        "owner",
        "permalink",
        "answerlabel",
        "sent",
        "opened",
        "lastemailed",
        "published",
        "dontcontact",
        "firstname",
        "lastname",
        "recipientfirstname",
        "recipientlastname",
        "surveytype",
        "updatedat",
        "link",
        "ending",
        "browser",
        "platform",
        "status",
    ]
)
"""Columns about how the survey was sent: no answers, and nobody is identified by them."""
DELIGHTED_WORDING = "How likely are you to recommend {company} to a friend?"
"""The question of Delighted and AskNicely, whose exports do not have it."""
TRIALS = frozenset(("surveypreview", "surveytest", "spam", "previewspam", "1", "2", "8", "9"))
"""What Qualtrics writes into Status for rows that no customer gave, as words or as codes."""
RESPONSE = frozenset({"", "response", "openendedresponse", "openended"})
"""What SurveyMonkey writes in its second header row above the only column of a question."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The header of a file: a name and a wording for each column, which rows below it belong to it, and whose it is.

    `groups` are the columns of questions with a column for each option, by name. `zone` is the time zone that the file
    names. `kinds` is the column that says whether a row is an answer or a trial of the survey's maker.
    """

    vendor: str
    names: Sequence[str]
    wordings: Sequence[str]
    skip: int = 0
    zone: str = ""
    kinds: int | None = None
    groups: Mapping[str, Sequence[int]] = field(default_factory=dict)


def heading(rows: Sequence[Sequence[str]], claimed: str = "") -> Heading:
    """The heading of a file with these first rows; `claimed` is the vendor that a person named, if any."""
    names = list(rows[0]) if rows else []
    plain = {bare_name(each) for each in names}
    for vendor, fits, read in _SHAPES:
        if claimed == vendor or (not claimed and fits(rows, plain)):
            return read(rows)
    return _single(claimed if claimed in VENDORS else "", names)


def role_of(name: str) -> str:
    """What a column with this name is beside an answer; empty if it is none of these."""
    bare = "token" if name == "#" else bare_name(name)  # Typeform calls its token #
    return next((role for role, words in ROLES.items() if bare in words), "")


def rank_of(role: str, name: str) -> int:
    """How well a name fits its role, 0 best: of RecordedDate and EndDate, the first one counts."""
    words = ROLES[role]
    bare = bare_name(name)
    return words.index(bare) if bare in words else 0


def is_left_out(name: str) -> bool:
    """Whether a column is about how the survey was sent, says when or by whom, or repeats a score in words."""
    bare = bare_name(name)
    return bare in _LEFT_OUT or bool(role_of(name)) or bare.endswith("npsgroup")


def _is_qualtrics(rows: Sequence[Sequence[str]], _: set[str]) -> bool:
    return len(rows) > 2 and bool(rows[2]) and _import_id(rows[2][0]) is not None


def _import_id(cell: str) -> Mapping[str, object] | None:
    if not cell.startswith("{"):
        return None
    try:
        found = json.loads(cell)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "ImportId" in found else None


def _qualtrics(rows: Sequence[Sequence[str]]) -> Heading:
    names = _unique(rows[0])
    has_ids = _is_qualtrics(rows, set())
    zone = ""
    for cell in rows[2] if has_ids else ():
        zone = zone or str((_import_id(cell) or {}).get("timeZone", ""))
    wordings = [*rows[1], *[""] * (len(names) - len(rows[1]))] if len(rows) > 1 else list(names)
    kinds = next((number for number, each in enumerate(names) if bare_name(each) == "status"), None)
    worded = [" ".join(each.split()) for each in wordings]
    return Heading("qualtrics", names, worded, 2 if has_ids else 1, zone, kinds)


def _is_surveymonkey(rows: Sequence[Sequence[str]], plain: set[str]) -> bool:
    return {"respondentid", "collectorid"} <= plain and len(rows) > 1


def _surveymonkey(rows: Sequence[Sequence[str]]) -> Heading:
    above, below = list(rows[0]), [*rows[1], *[""] * (len(rows[0]) - len(rows[1]))]
    wordings: list[str] = []
    for each in above:  # a question stands above its first option only
        wordings.append(each or (wordings[-1] if wordings else ""))
    groups: dict[str, list[int]] = {}
    for number, each in enumerate(wordings):
        if bare_name(below[number]) not in RESPONSE:
            groups.setdefault(each, []).append(number)
    names = [
        each if bare_name(below[number]) in RESPONSE else f"{each} - {below[number]}"
        for number, each in enumerate(wordings)
    ]
    return Heading("surveymonkey", _unique(names), wordings, 1, groups=groups)


def _typeform(rows: Sequence[Sequence[str]]) -> Heading:
    names = _unique(rows[0])
    return Heading("typeform", names, names, zone="UTC")


def _scored_only(vendor: str) -> Callable[[Sequence[Sequence[str]]], Heading]:
    """Delighted and AskNicely ask one question, and their exports do not have its words."""

    def read(rows: Sequence[Sequence[str]]) -> Heading:
        names = _unique(rows[0])
        worded = [DELIGHTED_WORDING if bare_name(each) in SCORE_NAMES else each for each in names]
        return Heading(vendor, names, worded, zone="UTC")

    return read


def _single(vendor: str, names: Sequence[str]) -> Heading:
    return Heading(vendor, _unique(names), list(names))


def _unique(names: Sequence[str]) -> list[str]:
    """Names of columns, the second of the same name as `name (2)`."""
    found: list[str] = []
    for each in names:
        name, number = each, 2
        while name and name in found:
            name, number = f"{each} ({number})", number + 1
        found.append(name)
    return found


_SHAPES: Sequence[
    tuple[
        str,
        Callable[[Sequence[Sequence[str]], set[str]], bool],
        Callable[[Sequence[Sequence[str]]], Heading],
    ]
] = (
    ("qualtrics", _is_qualtrics, _qualtrics),
    ("surveymonkey", _is_surveymonkey, _surveymonkey),
    ("typeform", lambda _, plain: "submitdateutc" in plain, _typeform),
    (
        "asknicely",
        lambda _, plain: "answer" in plain and bool(plain & {"answerlabel", "responded", "lastemailed"}),
        _scored_only("asknicely"),
    ),
    (
        "delighted",
        lambda _, plain: "score" in plain and bool(plain & {"surveytype", "permalink", "personemail"}),
        _scored_only("delighted"),
    ),
    (
        "google-forms",
        lambda rows, _: (
            bool(rows and rows[0])
            and bare_name(rows[0][0])
            in {
                "timestamp",
                "zamandamgasi",
                "zeitstempel",
                "horodateur",
                "marcatemporal",
                bare_name("مهر زمانی"),
            }
        ),
        lambda rows: _single("google-forms", rows[0]),
    ),
)
VENDORS = tuple(vendor for vendor, _fits, _read in _SHAPES)
