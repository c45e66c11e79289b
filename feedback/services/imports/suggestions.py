"""Suggests a mapping for a file with familiar column names; a person has to check it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from feedback.core.text.folding import fold_any
from feedback.services.imports.mapping import REQUIRED, SECTIONS, Kind, Source
from feedback.services.imports.table import Shape, opened
from feedback.settings import Settings

DateOrder: TypeAlias = Literal["day-first", "month-first"]
_TICKETS = ("ticketid", "ticketnumber", "caseid", "casenumber", "talepno")
"""Columns that only a list of support requests has."""
# Column names in exports of well-known systems and of spreadsheets in English, Turkish, German and Persian, as `_plain`
# makes them. The first match is used.
FAMILIAR: dict[str, tuple[str, ...]] = {
    "contact.external_id": (
        "externalid", "contactid", "customerid", "personid", "userid", "recordid", "id", "customerno",
        "customernumber", "musteriid", "musterino", "musterinumarasi", "musterikodu", "kundennummer", "kundennr",
        "kundenid", "شناسه", "شناسهمشتری", "کدمشتری",
    ),
    "contact.name": (
        "fullname", "contactname", "contact", "customername", "personname", "name", "adsoyad", "adisoyadi", "advesoyad",
        "isim", "musteriadi", "نامونامخانوادگی", "ناممشتری", "firstname", "ad", "vorname", "نام",
    ),
    "contact.phone": (
        "mobilephone", "mobilephonenumber", "mobile", "cell", "cellphone", "ceptelefonu", "cep", "gsm", "mobiltelefon",
        "mobil", "handy", "موبایل", "تلفنهمراه", "phone", "phonenumber", "personphone", "telefon", "telefonno",
        "telefonnumarasi", "telefonnummer", "tel", "workphone", "تلفن", "شمارهتلفن",
    ),
    "contact.email": (
        "email", "emailaddress", "personemail", "mail", "eposta", "epostaadresi", "emailadresse", "ایمیل",
        "پستالکترونیک",
    ),
    "contact.language": ("preferredlanguage", "language", "locale", "dil", "sprache", "زبان"),
    "contact.time_zone": ("timezone", "tz", "saatdilimi", "zeitzone", "منطقهزمانی"),
    "contact.country": (
        "countrycode", "country", "countryregion", "mailingcountry", "billingcountry", "ulke", "land", "کشور",
    ),
    "account.external_id": (
        "accountid", "companyid", "primaryassociatedcompanyid", "associatedcompanyidprimary",
        "associatedcompanyidsprimary", "associatedcompanyid", "associatedcompanyids",
        "organisationid", "organizationid", "customerid", "firmakodu", "firmennummer", "شناسهشرکت",
    ),
    "account.name": (
        "accountname", "companyname", "company", "associatedcompany", "primaryassociatedcompany", "organisation",
        "organization", "personorganization", "businessname", "firma", "firmaadi", "sirket", "sirketadi", "firmenname",
        "unternehmen", "شرکت", "نامشرکت",
    ),
    "account.owner": (
        "accountmanager", "accountowner", "contactowner", "companyowner", "personowner", "owner", "csm",
        "customersuccessmanager", "musteritemsilcisi", "kundenbetreuer", "betreuer", "کارشناس",
    ),
    "account.segment": ("segment", "tier", "plan"),
    "account.recurring_revenue": (
        "mrr", "monthlycharge", "monthlyrevenue", "recurringrevenue", "aylikgelir", "monatsumsatz", "درآمدماهانه",
    ),
    "account.currency": (
        "currency", "currencycode", "preferredcurrencycode", "parabirimi", "wahrung", "واحدپول",
    ),
    "account.contract_started_on": (
        "contractstart", "contractstartdate", "startdate", "vertragsbeginn", "sozlesmebaslangici", "شروعقرارداد",
    ),
    "account.renewal_on": (
        "renewal", "renewaldate", "renewson", "contractend", "contractenddate", "yenilemetarihi", "vertragsende",
        "پایانقرارداد", "تاریختمدید",
    ),
    "consent.basis": (
        "legalbasis", "legalbasisforprocessingcontactsdata", "lawfulbasis", "consentbasis", "hukukidayanak",
        "rechtsgrundlage",
    ),
    "event.contact": (
        "contactid", "associatedcontactids", "associatedcontactid", "contactrecordid", "customerid", "contact",
        "externalid", "musteriid", "musterino",
    ),
    "event.name": ("event", "eventname", "eventtype", "type", "name"),
    "event.occurred_at": (
        "occurredat", "closedat", "closedate", "closeddate", "dateclosed", "datetimeclosed", "solvedat", "timestamp",
        "time", "date", "createdat", "kapanistarihi", "tarih",
    ),
    "event.key": ("eventid", "key", *_TICKETS, "id"),
}  # fmt: skip
_EVERY_CHANNEL = (
    "donotcontact", "optout", "optedout", "hasoptedout", "unsubscribed", "marketingoptout", "iletisimistemiyor",
)  # fmt: skip
OPT_OUTS: dict[str, tuple[str, ...]] = {
    "consent.email": (
        "unsubscribedfromallemail", "unsubscribedfromemails", "emailoptout", "hasoptedoutofemail", "optedoutofemail",
        "emailoptedout", "donotemail", "emailunsubscribed", "unsubscribedfromemail", "epostaistemiyor", *_EVERY_CHANNEL,
    ),
    "consent.sms": (
        "smsoptout", "hasoptedoutofsms", "optedoutofsms", "textoptout", "mobileoptout", "donottext", "donotsms",
        "unsubscribedfromsms", "donotcall", "smsistemiyor", "aramayin", *_EVERY_CHANNEL,
    ),
}  # fmt: skip
"""Columns in which yes means that nobody may ask this person on the channel."""
_FIRST_NAMES, _LAST_NAMES = (
    ("firstname", "ad", "adi", "givenname", "vorname", "نام"),
    ("lastname", "soyad", "soyadi", "surname", "familyname", "nachname", "نامخانوادگی"),
)


def missing(kind: Kind, taken: Collection[str]) -> list[str]:
    """Required fields of this kind that are not in `taken`."""
    return [name for name in REQUIRED[kind] if name not in taken]


def suggest(kind: Kind, header: Sequence[str], dates: DateOrder | None = None) -> str | None:
    """A mapping as TOML, or None if no column can identify rows. `dates` is the order of day and month in the file."""
    notes: list[str] = []
    sources = found(kind, header, notes)
    if missing(kind, sources):
        return None
    if "account.external_id" not in sources and "account.name" in sources:
        sources["account.external_id"] = sources["account.name"]
        notes.append("No column looks like the id of an account, so its name is used.")
    if kind == "contacts" and "consent.basis" not in sources:
        notes.append(
            "No column looks like a legal basis. Without one nobody is asked. If you have one, write it into "
            '[consent], such as: basis = { constant = "contract" }'
        )
    lines = [f'kind = "{kind}"', *(f"# {note}" for note in notes)]
    if dates is not None:
        lines.append(f'dates = "{dates}"')
    for section in SECTIONS[kind]:
        own = {name: source for name, source in sources.items() if name.startswith(f"{section}.")}
        if section == "account" and "account.external_id" not in own:
            continue
        if own:
            lines += ["", f"[{section}]"]
            lines += [f"{name.partition('.')[2]} = {_written(source)}" for name, source in own.items()]
    used = {column for source in sources.values() for column in source.columns()}
    rest = [column for column in header if column and column not in used]
    if rest:
        lines += ["", f"# Not used: {', '.join(' '.join(column.split()) for column in rest)}"]
    return "\n".join(lines) + "\n"


def found(kind: Kind, header: Sequence[str], notes: list[str] | None = None) -> dict[str, Source]:
    """The sources of fields that the names of the columns suggest; `notes` gets what somebody has to know of them."""
    sources, told = dict(_found(kind, header)), notes if notes is not None else []
    if kind == "events" and any(_plain(column) in _TICKETS for column in header):
        sources["event.name"] = Source(constant="ticket_closed")
        told.append(
            "Every row becomes the event ticket_closed. A row without the time of closing is refused."
        )
    if kind == "contacts" and "contact.external_id" not in sources:
        told += list(_stand_in(sources))
    return sources


def _stand_in(found: dict[str, Source]) -> Iterator[str]:
    """Let the e-mail address or the phone number identify people in a file without ids; yields what was done."""
    for name, words in (("contact.email", "e-mail address"), ("contact.phone", "phone number")):
        if name in found:
            found["contact.external_id"] = found[name]
            yield (
                f"No column looks like an id, so the {words} identifies people. "
                "If it changes, the same person is stored again."
            )
            return


def is_familiar(kind: Kind, column: str) -> bool:
    """Whether this is the name of a column that can be suggested for the kind."""
    return any(True for _ in _found(kind, [column]))


def opt_outs(header: Sequence[str]) -> dict[str, Source]:
    """The permissions that columns such as `Email Opt Out` withdraw, by field."""
    found = _found("contacts", header)
    return {name: source for name, source in found if source.opt_out is not None}


def refusal(
    kind: Kind, path: Path, header: Sequence[str], lacking: Sequence[str], shape: Shape, settings: Settings
) -> str:
    """The error for a file without our column names; it also writes a suggested mapping if possible."""
    names = " and ".join(name.partition(".")[2] for name in lacking)
    columns = ", ".join(repr(column) for column in header[:20])
    said = (
        f"{path.name} has no column {names}. It has (read with {shape.delimiter!r} between them): {columns}."
    )
    text = suggest(kind, header, order_of_dates(path, shape))
    if text is None:
        return f"{said} Write a mapping of its columns (docs/importing.md)."
    name = re.sub(r"[^\w-]+", "-", path.stem).strip("-").lower() or "mapping"
    file = settings.instance / "mappings" / f"{name}.toml"
    if file.exists():
        return f"{said} To use the mapping {file}, add --map {name}."
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"# Suggested from the columns of {path.name}; check it before you use it.\n{text}", encoding="utf-8"
    )
    return f"{said} Check the suggested mapping {file}, then import with --map {name}."


def order_of_dates(path: Path, shape: Shape) -> DateOrder | None:
    """The order in which the file writes days and months, from dates that can be read in one way only, such as
    3/14/2026; None if there are none, or if they contradict each other."""
    seen: set[DateOrder] = set()
    with opened(path, shape) as rows:
        for row in rows:
            for cell in row.cells:
                if (date := _SLASHED.match(cell)) and (order := _order(int(date[1]), int(date[2]))):
                    seen.add(order)
    return seen.pop() if len(seen) == 1 else None


def _order(first: int, second: int) -> DateOrder | None:
    if max(first, second) <= 12 or min(first, second) > 12:
        return None
    return "day-first" if first > 12 else "month-first"


_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}(?!\d)")


def _found(kind: Kind, header: Sequence[str]) -> Iterator[tuple[str, Source]]:
    plain = {_plain(column): column for column in reversed(header) if header.count(column) == 1}

    def first(words: Iterable[str]) -> str | None:
        return next((plain[word] for word in words if word in plain), None)

    given, family = first(_FIRST_NAMES), first(_LAST_NAMES)
    for name, words in FAMILIAR.items():
        column = first(words)
        if name.partition(".")[0] not in SECTIONS[kind] or column is None:
            continue
        is_halved = name == "contact.name" and given is not None and family is not None and column == given
        yield name, Source(join=(given, family)) if is_halved else Source(column=column)
    for name, words in OPT_OUTS.items() if kind == "contacts" else ():
        if (column := first(words)) is not None:
            yield name, Source(opt_out=column)


def _plain(column: str) -> str:
    """A column name for comparison: without case, accents, spaces, punctuation and Salesforce's `18 digit`."""
    word = re.sub(r"[\W_]", "", fold_any(column))
    return (
        re.sub(r"casesafe|18digits?|15digits?|(?<=id)1[58]|1[58](?=char)|char(acter)?(?=id)", "", word)
        or word
    )


def _written(source: Source) -> str:
    """The source in TOML, which uses the same escapes as JSON."""
    if source.join is not None:
        return f"{{ join = [{', '.join(map(_quoted, source.join))}] }}"
    if source.opt_out is not None:
        return f"{{ opt_out = {_quoted(source.opt_out)} }}"
    if source.constant is not None:
        return f"{{ constant = {_quoted(str(source.constant))} }}"
    return _quoted(source.column or "")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
