"""What import-linter cannot say: which library lives in which room, and what no file may hold."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "feedback"

# Library -> the only places that may import it.
ROOMS = {
    "flask": ["web/"],
    "flask_openapi3": ["web/"],
    "flask_security": ["web/"],
    "flask_wtf": ["web/"],
    "limits": ["web/"],
    "wtforms": ["web/"],
    "twilio": ["providers/twilio_sms.py"],
    "smtplib": ["providers/smtp_email.py"],
    "apscheduler": ["worker.py"],
    "python_calamine": ["services/imports/workbook.py"],
    "yaml": ["lint/document/reader.py"],
    "jdatetime": ["i18n.py"],
    "jmespath": ["services/doors/expressions.py"],
    "defusedxml": ["services/doors/bodies.py"],
    "phonenumbers": ["core/contact/recipient.py"],
    "authlib": ["web/single_sign_on/relying_party.py"],
    "joserfc": ["web/single_sign_on/relying_party.py"],
    "alembic": ["store/schema.py", "migrations/"],
    "psycopg": ["store/"],
}
PURE = {"pydantic", "pydantic_core", "annotated_types", "phonenumbers", "feedback"}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Top-level packages that a module imports, also inside functions, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def strangers(package: Path) -> list[str]:
    return [
        f"{path.relative_to(package)}:{line} imports {name}"
        for path in sorted(package.rglob("*.py"))
        for name, line in imports(path)
        if not is_at_home(name, path.relative_to(package).as_posix())
    ]


def is_at_home(library: str, place: str) -> bool:
    return any(place.startswith(room) for room in ROOMS.get(library, [""]))


def test_every_library_stays_in_its_room() -> None:
    assert strangers(PACKAGE) == []


def test_a_library_in_the_wrong_room_is_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "nps.py").write_text("def score():\n    from flask import request\n")
    assert strangers(tmp_path) == ["core/nps.py:2 imports flask"]


def test_the_domain_uses_the_standard_library_and_pydantic_only() -> None:
    allowed = PURE | set(sys.stdlib_module_names)
    foreign = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in sorted((PACKAGE / "core").rglob("*.py"))
        for name, line in imports(path)
        if name not in allowed
    ]
    assert foreign == []


PROVIDER_FREE = ("services", "core")


def naming_twilio(package: Path) -> list[str]:
    """Lines by which these rooms would depend on one provider; what is its own is asked of `feedback.providers`."""
    return [
        f"{path.relative_to(package)}:{number}"
        for name in PROVIDER_FREE
        for path in sorted((package / name).rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "twilio" in line.lower()
    ]


def test_no_service_names_twilio() -> None:
    assert naming_twilio(PACKAGE) == []


def test_a_service_that_names_twilio_is_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "services" / "messaging").mkdir(parents=True)
    (tmp_path / "services" / "messaging" / "outbox.py").write_text(
        "def pace(settings):\n    return settings.Twilio\n"
    )
    assert naming_twilio(tmp_path) == ["services/messaging/outbox.py:2"]


def reads_clock(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            of_time = isinstance(owner, ast.Name) and owner.id in ("datetime", "date")
            if of_time and node.func.attr in ("now", "utcnow", "today"):
                yield node.lineno


def test_only_the_clock_reads_the_wall_clock() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") for _ in reads_clock(path)
    }
    assert readers == {"clock.py"}


def test_nothing_reads_the_environment_but_the_entry_points() -> None:
    pattern = re.compile(r"\bos\.(environ|getenv)\b|from os import (environ|getenv)")
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    assert readers <= {"bootstrap.py", "cli/frame.py", "wsgi.py"}


MOST_PARAMETERS = 7


def wide_functions(package: Path) -> Iterator[str]:
    """Functions with more than MOST_PARAMETERS, not counting the object that a method belongs to."""
    for path in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = node.args
                every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
                if len(every) - (bool(every) and every[0].arg in ("self", "cls")) > MOST_PARAMETERS:
                    yield f"{path.relative_to(package).as_posix()}: {node.name}"


def test_no_function_takes_more_than_seven_parameters() -> None:
    assert list(wide_functions(PACKAGE)) == []


def test_a_function_with_eight_parameters_is_found(tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text(
        "class Queue:\n"
        "    def add(self, a, b, c, d, e, f, g): ...\n"
        "    async def take(self, a, b, c, d, *, e, f, g, h): ...\n"
        "def put(a, b, c, d, e, f, g, h): ...\n"
    )
    assert set(wide_functions(tmp_path)) == {"queue.py: take", "queue.py: put"}


def shared_names(package: Path) -> dict[str, list[str]]:
    """Public classes that are defined under one name in several modules -> those modules."""
    places: dict[str, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.relative_to(package).as_posix())
    return {name: found for name, found in places.items() if len(found) > 1}


def test_a_class_name_means_one_thing() -> None:
    assert shared_names(PACKAGE) == {}


def test_a_name_of_two_classes_is_found(tmp_path: Path) -> None:
    for name in ("plan.py", "trip.py"):
        (tmp_path / name).write_text("class Plan: ...\nclass _Step: ...\n")
    assert shared_names(tmp_path) == {"Plan": ["plan.py", "trip.py"]}


# Written so that this page does not match itself.
PERSONAL_PATHS = re.compile(
    r"(?<![\w.])/(?:home/[a-z][\w-]*|Users/[A-Za-z][\w.-]*|root/|work(?:space)?/|tmp/[a-z]{2,}/)|[A-Z]:\\+Users\\+"
)


def tracked_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the project is unknown")
    listing = subprocess.run(
        [git, "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in tracked_files():
        if path == Path(__file__) or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in PERSONAL_PATHS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("path", ["/home/ada/feedback", "see /Users/ada", "C:\\Users\\ada", "/root/.cache"])
def test_a_path_of_somebodys_machine_is_recognised(path: str) -> None:
    assert PERSONAL_PATHS.search(path)


@pytest.mark.parametrize(
    "path", ["https://example.com/home/start", "/path/to/file", "~/feedback", "/usr/bin"]
)
def test_a_path_that_everybody_has_is_not(path: str) -> None:
    assert not PERSONAL_PATHS.search(path)


# Modules whose behaviour is tested in another file, which is named here; each that gets a file of its name goes.
TESTED_ELSEWHERE = {
    "services/reports/themes.py": "services/themes/test_labelling.py",
    "services/themes/correcting.py": "services/themes/test_labelling.py",
    "services/themes/counting.py": "services/themes/test_labelling.py",
    "services/themes/frames.py": "services/themes/test_labelling.py",
    "services/reports/driver_analysis.py": "services/reports/test_drivers.py",
    "services/exports/formats/base.py": "services/exports/test_formats.py",
    "services/exports/formats/csv_file.py": "services/exports/test_formats.py",
    "services/exports/formats/xlsx.py": "services/exports/test_formats.py",
    "services/exports/formats/spss.py": "services/exports/test_formats.py",
    "services/exports/formats/stata.py": "services/exports/test_formats.py",
    "services/exports/formats/parquet.py": "services/exports/test_formats.py",
    "services/exports/reading.py": "services/exports/test_making.py",
    "services/exports/selection.py": "services/exports/test_making.py",
    "services/exports/codebook.py": "services/exports/test_making.py",
    "services/notifications/follow_up_letter.py": "services/notifications/test_owner_digest.py",
    "services/notifications/notified_follow_ups.py": "services/notifications/test_owner_digest.py",
    "services/notifications/note_email.py": "web/followups/test_queue.py",
    "services/shapes/campaigns.py": "web/api/resources/test_campaigns.py",
    "services/notifications/promises.py": "services/notifications/test_owner_digest.py",
    "services/notifications/staff_email.py": "services/notifications/test_owner_digest.py",
    "services/rollups/actual.py": "services/rollups/test_counting.py",
    "services/rollups/rebuilding.py": "services/rollups/test_counting.py",
    "services/rollups/validity.py": "services/rollups/test_counting.py",
    "services/doors/processing.py": "web/doors/test_receiver.py",
    "services/doors/recipes.py": "web/doors/test_recipes.py",
    "services/doors/taking.py": "web/doors/test_receiver.py",
    "services/contact/listing.py": "web/api/resources/test_suppressions.py",
    "services/customers/queries.py": "web/api/resources/test_contacts.py",
    "services/followups/message_templates.py": "services/followups/test_customer_messages.py",
    "services/followups/priority_reasons.py": "web/followups/test_queue.py",
    "services/followups/naming.py": "web/followups/test_queue.py",
    "services/followups/opening.py": "services/followups/test_workflow.py",
    "services/followups/timeline.py": "services/followups/test_workflow.py",
    "services/followups/listing.py": "web/api/resources/test_follow_ups.py",
    "services/journey/asking.py": "web/api/resources/test_invitations.py",
    "services/reports/queries.py": "web/api/resources/test_responses.py",
    "services/responses/additions.py": "web/delighted/test_clients.py",
    "services/setup/support_bundle.py": "services/privacy/test_support_bundle.py",
    "services/setup/upgrade_check.py": "cli/test_upkeep.py",
    "services/setup/channel_test.py": "web/settings/test_channel_tests.py",
    "services/context.py": "services/journey/test_invitations.py",  # no behaviour: what services are given
    "services/studio/following.py": "services/studio/test_publication.py",  # nothing to follow without a publication
    "services/responses/incoming_reply.py": "services/responses/test_sms_conversation.py",
    "services/responses/reported_changes.py": "services/test_changes.py",
    "services/followups/reported_changes.py": "services/test_changes.py",
    "services/responses/submission.py": "services/responses/test_recording.py",
    "core/replies/automatic.py": "core/replies/test_reply.py",
    "core/replies/clauses.py": "core/replies/test_reply.py",
    "core/replies/meanings.py": "core/replies/test_reply.py",
    "core/replies/numbers.py": "core/replies/test_reply.py",
    "core/replies/opt_outs.py": "core/replies/test_reply.py",
    "core/replies/scores.py": "core/replies/test_reply.py",
    "core/metrics/base.py": "core/metrics/test_metrics.py",
    "core/metrics/ces.py": "core/metrics/test_metrics.py",
    "core/metrics/csat.py": "core/metrics/test_metrics.py",
    "core/metrics/enps.py": "core/metrics/test_metrics.py",
    "core/metrics/measures.py": "core/metrics/test_metrics.py",
    "core/metrics/nps.py": "core/metrics/test_metrics.py",
    "core/metrics/pmf.py": "core/metrics/test_metrics.py",
    "core/metrics/seq.py": "core/metrics/test_metrics.py",
    "core/metrics/smileys.py": "core/metrics/test_metrics.py",
    "core/metrics/stars.py": "core/metrics/test_metrics.py",
    "core/metrics/sus.py": "core/metrics/test_metrics.py",
    "core/metrics/thumbs.py": "core/metrics/test_metrics.py",
    "core/metrics/umux_lite.py": "core/metrics/test_metrics.py",
    "core/questions/base.py": "web/survey/test_pages.py",
    "core/questions/choice.py": "web/survey/test_pages.py",
    "core/questions/matrix.py": "web/survey/test_pages.py",
    "core/questions/scale.py": "web/survey/test_pages.py",
    "core/questions/text.py": "web/survey/test_pages.py",
    "services/customers/activity.py": "web/customers/test_contact.py",
    "services/customers/editing.py": "web/customers/test_editing.py",
    "services/customers/nonresponse.py": "services/followups/test_queue.py",
    "services/customers/revenue.py": "services/reports/test_accounts.py",
    "services/customers/storing.py": "services/imports/test_imports.py",
    "services/followups/root_causes.py": "web/followups/test_root_causes.py",
    "services/imports/menus.py": "services/imports/test_runs.py",
    "services/imports/moments.py": "services/imports/answers/test_importer.py",
    **{
        f"services/imports/answers/{each}.py": "services/imports/answers/test_importer.py"
        for each in (
            "history",
            "looking",
            "people",
            "proposal",
            "reading",
            "runs",
            "storing",
            "undoing",
            "vendors",
        )
    },
    "services/report_mails/letters.py": "services/report_mails/test_sending.py",
    "services/report_mails/schedules.py": "services/report_mails/test_sending.py",
    "services/imports/undoing.py": "services/imports/test_runs.py",
    "services/imports/workbook.py": "services/imports/test_runs.py",
    "services/imports/events.py": "services/imports/test_imports.py",
    "services/imports/importer.py": "services/imports/test_imports.py",
    "services/imports/rows.py": "services/imports/test_imports.py",
    "services/imports/staff.py": "services/imports/test_imports.py",
    "services/imports/suggestions.py": "services/imports/test_imports.py",
    "services/imports/table.py": "services/imports/test_wild_tables.py",
    "services/messaging/campaign_pauses.py": "services/campaigns/test_upkeep.py",
    "services/messaging/email_question.py": "services/messaging/test_content.py",
    "services/messaging/simulated_mailbox.py": "web/test_simulator.py",
    "services/privacy/quotes.py": "services/privacy/test_persons.py",
    "services/privacy/redaction.py": "services/privacy/test_erasure.py",
    "services/questionnaires/review.py": "web/questionnaires/test_views.py",
    "services/reports/overview.py": "services/reports/test_scores.py",
    "services/reports/recovery.py": "services/followups/test_recovery_survey.py",
    "services/reports/series.py": "services/reports/test_scores.py",
    "services/responses/lookup.py": "services/responses/test_recording.py",
    "services/responses/open_links.py": "web/survey/test_open_links.py",
    "services/responses/reply_inbox.py": "web/responses/test_reply_inbox.py",
    "services/shapes/customers.py": "web/api/resources/test_contacts.py",
    "services/shapes/follow_ups.py": "web/api/resources/test_follow_ups.py",
    "services/shapes/invitations.py": "web/api/resources/test_invitations.py",
    "services/shapes/responses.py": "web/api/resources/test_responses.py",
    "services/staff/directory_groups.py": "web/scim/test_groups.py",
    "services/staff/directory_users.py": "web/scim/test_users.py",
    "services/staff/permissions.py": "web/auth/test_permissions.py",
    "services/staff/provider_accounts.py": "web/single_sign_on/test_sign_in.py",
    "services/staff/provider_sessions.py": "web/single_sign_on/test_signing_out.py",
    "services/staff/recovery_codes.py": "web/auth/test_second_factor.py",
    "services/staff/second_factor_reset.py": "cli/test_staff.py",
    "services/staff/sessions.py": "web/auth/test_sessions.py",
    "services/studio/translations/confirming.py": "web/studio/test_translations.py",
    "services/studio/translations/survey.py": "web/studio/test_translations.py",
    "services/studio/translations/exchange.py": "services/studio/translations/test_importing.py",
    "services/studio/translations/po.py": "services/studio/translations/test_files.py",
    "services/studio/translations/xliff.py": "services/studio/translations/test_files.py",
    "services/studio/sample_sending.py": "web/studio/test_trials.py",
    "services/studio/beginnings.py": "web/studio/test_new.py",
    "services/studio/importing/formats/formbricks_logic.py": "services/studio/importing/formats/test_formbricks.py",
    "services/studio/importing/formats/limesurvey_tables.py": "services/studio/importing/formats/test_limesurvey.py",
    "services/studio/importing/formats/pasted_lines.py": "services/studio/importing/formats/test_pasted.py",
    "services/studio/importing/formats/pasted_tables.py": "services/studio/importing/formats/test_pasted_lists.py",
    "services/studio/importing/formats/qualtrics_flow.py": "services/studio/importing/formats/test_qualtrics.py",
    "services/studio/importing/grids.py": "services/studio/importing/formats/test_samples.py",
    "services/studio/importing/guessing.py": "services/studio/importing/formats/test_pasted.py",
    "services/studio/importing/jumps.py": "services/studio/importing/formats/test_google_forms.py",
    "services/studio/importing/keys.py": "web/studio/test_new.py",
    "services/studio/importing/markup.py": "services/studio/importing/formats/test_limesurvey.py",
    "services/studio/importing/notes.py": "services/studio/importing/test_guarding.py",
    "services/studio/importing/outline.py": "services/studio/importing/formats/test_surveyjs.py",
    "services/studio/importing/resolving.py": "services/studio/importing/formats/test_surveyjs.py",
    "services/studio/importing/settling.py": "services/studio/importing/formats/test_samples.py",
    "services/studio/importing/workbook.py": "services/studio/importing/formats/test_xlsform.py",
    "services/studio/importing/writing.py": "services/studio/importing/formats/test_surveyjs.py",
}


def without_tests(package: Path) -> set[str]:
    """Modules of the domain and of the services that have no test file of their name."""
    modules = [
        path.relative_to(package)
        for room in ("core", "services")
        for path in (package / room).rglob("*.py")
        if path.name != "__init__.py"
    ]
    tests = ROOT / "tests"
    return {each.as_posix() for each in modules if not (tests / each.parent / f"test_{each.name}").exists()}


def test_the_tests_of_a_module_stand_in_a_file_of_its_name() -> None:
    assert without_tests(PACKAGE) - TESTED_ELSEWHERE.keys() == set()


def test_exceptions_name_modules_that_need_one_and_tests_that_exist() -> None:
    assert TESTED_ELSEWHERE.keys() - without_tests(PACKAGE) == set()
    assert [file for file in set(TESTED_ELSEWHERE.values()) if not (ROOT / "tests" / file).exists()] == []
