"""Catalogues say everything in every language, and numbers come in the reader's digits."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from feedback.i18n import LANGUAGES, LOCALES, language_name, placeholders, read, translator

CATALOGUES = sorted(LOCALES.glob("*/*.po"))
TRANSLATED = [path for path in CATALOGUES if path.stem != "en"]
DOMAINS = sorted({path.parent.name for path in CATALOGUES})


def msgids(domain: str, language: str) -> set[str]:
    catalogue = read(LOCALES / domain / f"{language}.po")
    return {_all(message.id)[0] for message in catalogue if message.id}


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_language_of_a_domain_has_the_same_messages(domain: str) -> None:
    first, *others = LANGUAGES[domain]
    for language in others:
        assert msgids(domain, language) ^ msgids(domain, first) == set(), language


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_is_left_untranslated_or_doubtful(path: Path) -> None:
    for message in read(path):
        strings = message.string if isinstance(message.string, tuple | list) else [message.string]
        assert not message.id or all(strings), message.id
        assert not message.id or not message.fuzzy, message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_translation_fills_in_only_what_the_english_text_offers(path: Path) -> None:
    for message in (message for message in read(path) if message.id):
        offered = {name for text in _all(message.id) for name in placeholders(text)}
        for string in filter(None, _all(message.string)):
            assert placeholders(string) <= offered, message.id


def _all(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_no_message_is_written_twice_in_a_catalogue() -> None:
    for path in CATALOGUES:
        ids = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(ids) == len(set(ids)), path


@pytest.mark.parametrize(
    ("language", "number", "share", "money", "day"),
    [
        ("en", "1,234.5", "25%", "$12,000", "Jan 5, 2026"),
        ("tr", "1.234,5", "%25", "$12.000", "5 Oca 2026"),
        ("fa", "۱٬۲۳۴٫۵", "۲۵٪", "\u200e$\xa0۱۲٬۰۰۰", "۵ ژانویه ۲۰۲۶"),
    ],
)
def test_numbers_and_dates_look_as_readers_expect(
    language: str, number: str, share: str, money: str, day: str
) -> None:
    say = translator("desk", language)
    shown = say.number(1234.5), say.percent(0.25), say.money(12_000, "USD"), say.date(date(2026, 1, 5))
    assert shown == (number, share, money, day)


def test_a_moment_is_told_on_the_clocks_of_the_reader() -> None:
    from zoneinfo import ZoneInfo

    moment = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
    assert translator("desk", "tr").moment(moment, ZoneInfo("Europe/Istanbul")) == "6 Oca 2026 01:30"


@pytest.mark.parametrize(
    ("region", "day", "moment"),
    [
        ("", "Nov 30, 2026", "Nov 30, 2026, 9:02\u202fPM"),
        ("US", "Nov 30, 2026", "Nov 30, 2026, 9:02\u202fPM"),
        ("GB", "30 Nov 2026", "30 Nov 2026, 21:02"),
        ("TR", "30 Nov 2026", "30 Nov 2026, 21:02"),
    ],
)
def test_dates_in_english_are_written_as_in_the_organisation_s_country(
    region: str, day: str, moment: str
) -> None:
    say = translator("desk", "en", region)
    assert say.date(date(2026, 11, 30)) == day
    assert say.moment(datetime(2026, 11, 30, 21, 2, tzinfo=UTC), UTC) == moment
    assert say.number(1234.5) == "1,234.5"


def test_persian_readers_may_have_the_calendar_of_iran() -> None:
    say = translator("desk", "fa", calendar="solar_hijri")
    assert say.date(date(2026, 11, 30)) == "۹ آذر ۱۴۰۵"
    assert say.date(date(2025, 3, 20)) == "۳۰ اسفند ۱۴۰۳"  # the last day of a leap year
    assert say.date(date(2025, 3, 21), "full") == "جمعه ۱ فروردین ۱۴۰۴"
    assert say.date(date(2026, 11, 30), "short") == "۱۴۰۵/۰۹/۰۹"
    assert say.day_and_month(date(2026, 11, 30)) == "۹ آذر"
    late = datetime(2026, 11, 30, 21, 2, tzinfo=UTC)
    assert say.moment(late, timezone(timedelta(hours=3, minutes=30))).startswith("۱۰ آذر ۱۴۰۵")
    assert translator("desk", "en", calendar="solar_hijri").date(date(2026, 11, 30)) == "Nov 30, 2026"


def test_lengths_of_time_say_their_direction() -> None:
    say = translator("desk", "en")
    assert say.relative(timedelta(hours=3)) == "in 3 hours"
    assert say.relative(timedelta(days=-2)) == "2 days ago"


def test_numbers_inside_a_sentence_get_the_language_s_digits() -> None:
    assert "۳" in translator("desk", "fa").ngettext("Show {n} more", "Show {n} more", 3)


def test_a_text_without_parameters_keeps_its_braces() -> None:
    assert translator("desk", "en").gettext("Hello {link}") == "Hello {link}"


def test_an_unknown_language_is_answered_in_the_first_one() -> None:
    assert translator("desk", "xx").language == "en"
    assert translator("desk", None).direction == "ltr"


def test_a_regional_language_is_answered_in_the_nearest_one_and_has_its_own_name() -> None:
    assert translator("survey", "de-AT").language == "de"
    assert translator("survey", "pt-BR").language == "en"
    assert [language_name(each) for each in ("pt-BR", "ckb", "xx")] == [
        "Português (Brasil)",
        "کوردیی ناوەندی",
        "xx",
    ]


def test_languages_are_named_in_themselves() -> None:
    assert [language_name(each) for each in LANGUAGES["desk"]] == ["English", "Türkçe", "فارسی"]


# --- Everything that the desk says is in its catalogue ------------------------------------------------

PACKAGE = LOCALES.parent
TEMPLATES = PACKAGE.parent / "templates"
EDITING = (
    "blocks",
    "renaming",
    "rows",
    "settings",
    "checked",
    "conditions",
    "follow_ups",
    "placed",
    "questions",
    "texts",
)
FOR_OTHERS = {"api", "delighted", "mcp", "scim", "survey"}
"""Rooms for programs, which are answered in English, and for customers."""
DESK_CODE = (
    [
        path
        for path in (PACKAGE / "web").rglob("*.py")
        if not FOR_OTHERS.intersection(path.relative_to(PACKAGE).parts)
    ]
    + [
        PACKAGE / "services" / module
        for module in (
            "access.py",
            "campaigns/contact_list.py",
            "campaigns/control.py",
            "campaigns/definition.py",
            "customers/activity.py",
            "customers/editing.py",
            "customers/filters.py",
            "customers/merging.py",
            "customers/segments.py",
            "themes/correcting.py",
            "themes/frame_file.py",
            "themes/frames.py",
            "themes/learning.py",
            "exports/columns.py",
            "imports/answers/proposal.py",
            "report_mails/letters.py",
            "report_mails/schedules.py",
            "exports/formats/parquet.py",
            "exports/formats/stata.py",
            "exports/formats/xlsx.py",
            "exports/jobs.py",
            "exports/reading.py",
            "followups/queue.py",
            "followups/customer_messages.py",
            "followups/message_templates.py",
            "followups/priority_reasons.py",
            "followups/root_causes.py",
            "followups/workflow.py",
            "imports/menus.py",
            "imports/runs.py",
            "messaging/history.py",
            "notifications/account_email.py",
            "notifications/chat_notices.py",
            "notifications/admin_alerts.py",
            "notifications/escalation.py",
            "notifications/follow_up_letter.py",
            "notifications/morning_digest.py",
            "notifications/note_email.py",
            "notifications/owner_digest.py",
            "notifications/reply_email.py",
            "notifications/webhook_email.py",
            "questionnaires/gallery.py",
            "questionnaires/gallery_page.py",
            "questionnaires/layers.py",
            "reports/accounts.py",
            "responses/open_links.py",
            "responses/reply_inbox.py",
            "sharing/shared_links.py",
            "staff/accounts.py",
            "staff/api_keys.py",
            "staff/business_hours.py",
            "staff/sessions.py",
            "studio/consequences.py",
            *(f"studio/editing/{name}.py" for name in EDITING),
            "studio/beginnings.py",
            "studio/importing/notes.py",
            "studio/importing/reading.py",
            "studio/item_bank.py",
            "studio/drafts.py",
            "studio/publication.py",
            "studio/live_lint.py",
            "studio/revisions.py",
            "studio/stages/editing.py",
            "studio/translations/importing.py",
            "studio/translations/po.py",
            "studio/translations/survey.py",
            "studio/translations/xliff.py",
            "studio/sample_sending.py",
            "organisation/stored_settings.py",
            "setup/channel_test.py",
            "setup/first_steps.py",
            "webhooks/delivery_log.py",
            "webhooks/endpoints.py",
            "doors/arrivals.py",
            "doors/setting_up.py",
        )
    ]
    + [PACKAGE / "core" / "webhook_events.py"]
)
DESK_TEMPLATES = [
    path
    for room in (
        "auth",
        "campaigns",
        "customers",
        "export",
        "followups",
        "imports",
        "layout",
        "messaging",
        "questionnaires",
        "reports",
        "responses",
        "search",
        "settings",
        "sharing",
        "simulator",
        "single_sign_on",
        "staff",
        "studio",
        "themes",
        "webhooks",
        "doors",
    )
    for path in (TEMPLATES / room).rglob("*.html")
]
REFUSALS = {"Conflict", "Rejected", "NotFound", "Forbidden", "_words"}
ELSEWHERE = {"provider_hooks.py"}  # for programs, in English


def marked(path: Path, method: str) -> set[str]:
    """Texts in `_()`, `gettext()` and `ngettext()`."""
    from babel.messages.extract import extract_from_file

    found = extract_from_file(method, path, keywords={"_": None, "gettext": None, "ngettext": (1, 2)})
    return {_all(message)[0] for _, message, _, _ in found}


def refusals(path: Path, names: Collection[str] = frozenset()) -> set[str]:
    """The sentences that people are refused with."""
    import ast

    calls = [
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    given = [
        argument
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in (names or REFUSALS)
        for argument in call.args
    ]
    return {argument.value for argument in given if isinstance(argument, ast.Constant)}


READERS = (
    "core/contact/recipient.py",
    "services/customers/fields.py",
    "services/imports/rows.py",
    "services/imports/several.py",
)
SAID_BY_NAME = {"_PARSE_FAULTS", "_TOO_LONG", "_HAS_EXTENSION", "REFUSED", "FIRST", "PRIMARY"}
"""Constants of the readers that are sentences."""


def unread() -> set[str]:
    """Why a value of a customer cannot be read. Sentences with numbers or names in them stay English."""
    import ast

    found: set[object] = {"Remove this person from the file: they were erased on request."}
    for path in READERS:
        for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "ValueError"
            ):
                found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
            elif isinstance(node, ast.Assign) and any(
                getattr(t, "id", "") in SAID_BY_NAME for t in node.targets
            ):
                found |= {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
            elif isinstance(node, ast.FunctionDef) and node.name == "_mistake":
                returned = (each.value for each in ast.walk(node) if isinstance(each, ast.Return))
                found |= {each.value for each in returned if isinstance(each, ast.Constant)}
    return {each for each in found if isinstance(each, str) and each.endswith(".")}


def said_of_settings() -> set[str]:
    """What the settings of the organisation mean, and the rest of the sentences on values that cannot be used."""
    from feedback.settings import organisation
    from feedback.settings.reading import entries
    from feedback.web.wording import settings_wording

    plain = organisation.GROUP_OF.keys() - settings_wording.HINTS.keys()
    files = [PACKAGE / "settings" / f"{name}.py" for name in ("values", "reading", "logo")]
    why = {text for path in files for text in refusals(path, {"ValueError", "message"})}
    return {entries()[name].field.metadata["doc"] for name in plain} | why | {LENGTH_EXPECTED}


def said_of_doors() -> set[str]:
    """Mistakes of a set-up, why a body is not taken in, and what the recipes are about. Those with names in them stay
    English."""
    from feedback.services.doors import recipes

    names = {"message", "NotFound", "Conflict", "Gone", "UnreadableError", "ExpressionError"}
    rooms = ("mapping", "reading", "taking", "processing", "expressions", "bodies")
    files = [PACKAGE / "services" / "doors" / f"{name}.py" for name in rooms]
    found = {text for path in files for text in refusals(path, names)}
    found |= refusals(PACKAGE / "core" / "door_check.py", {"ValueError"})
    return found | {recipe.about for recipe in recipes.every().values()}


LENGTH_EXPECTED = "must be a duration such as 30s, 15m, 4h, 2d or 2w"


def said_at_the_desk() -> set[str]:
    code = [path for path in DESK_CODE if path.name not in ELSEWHERE]
    texts = {text for path in code for text in marked(path, "python") | refusals(path)}
    texts |= unread() | said_of_settings() | said_of_doors()
    texts |= {text for path in DESK_TEMPLATES for text in marked(path, "jinja2")}
    return {re.sub(r"%\((\w+)\)[sd]", r"{\1}", text) for text in texts}


def test_the_desk_says_nothing_that_its_catalogue_does_not_know() -> None:
    assert said_at_the_desk() - msgids("desk", "en") == set()


def test_the_catalogue_of_the_desk_holds_nothing_that_is_no_longer_said() -> None:
    assert msgids("desk", "en") - said_at_the_desk() == set()


def test_things_in_a_row_are_parted_as_the_language_parts_them() -> None:
    assert [translator("desk", language).comma for language in ("en", "tr", "fa")] == [", ", ", ", "، "]


@pytest.mark.parametrize("language", ["en", "tr", "fa", "de"])
def test_what_is_rounded_to_zero_has_no_sign(language: str) -> None:
    say = translator("survey", language)
    assert say.number(-0.4, digits=0) == say.number(0, digits=0)
    assert say.number(-0.004, digits=2) == say.number(0, digits=2)
    assert say.number(-0.0) == say.number(0)
    assert say.percent(-0.004) == say.percent(0)
    assert say.number(-0.6, digits=0) == say.number(-1, digits=0)
