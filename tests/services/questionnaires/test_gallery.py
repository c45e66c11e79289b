"""The gallery: every template is clean and complete, a copy is too, and none is in force by being shipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from feedback import library, lint, resources
from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ChoiceQuestion, ScaleQuestion
from feedback.core.text.localized import Text
from feedback.errors import Conflict, FeedbackError, NotFound, QuestionnaireInvalid, Rejected
from feedback.lint.engine.instruments import unaltered
from feedback.services.questionnaires import gallery

SHIPPED = resources.shipped("questionnaires")
KEYS = sorted(file.stem for file in (SHIPPED / "gallery").iterdir())
KINDS = {
    *("nps", "enps", "ces2", "ces_item", "csat", "stars", "smileys_5", "thumbs", "pmf"),
    *("sus", "umux_lite", "seq"),
}


@cache
def template(key: str) -> gallery.Template:
    return gallery.template(key)


def found(text: str, name: str) -> list[str]:
    """Every finding, remarks included."""
    problems = lint.check(text, name)
    return [f"{each.line}: {each.severity} {each.rule} [{each.language}] {each.message}" for each in problems]


def texts(part: object) -> Iterator[Text]:
    if isinstance(part, Text):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from texts(getattr(part, name))
    elif isinstance(part, tuple | dict):
        for each in part.values() if isinstance(part, dict) else part:
            yield from texts(each)


def languages_of(text: Text) -> set[str]:
    return set() if isinstance(text.root, str) else set(text.root)


# --- What is shipped


@pytest.mark.parametrize("key", KEYS)
def test_the_linter_finds_nothing_in_a_template(key: str) -> None:
    source = template(key).document.source
    assert found(source, f"{key}.yaml") == []
    assert "suppress" not in source


def test_the_linter_would_find_a_fault_in_a_template() -> None:
    source = template("kickoff-csat").document.source
    assert "translation-parity" in str(found(source.replace("      tr: Başlangıç toplantısından", "#"), "k"))
    assert "missing-opt-out" in str(found(source.replace(" {opt_out}", ""), "k.yaml"))


@pytest.mark.parametrize("key", KEYS)
def test_every_text_of_a_template_is_in_three_languages(key: str) -> None:
    each = template(key)
    assert each.questionnaire.languages == gallery.LANGUAGES
    every = list(texts(each.questionnaire))
    assert len(every) > len(each.questionnaire.questions)
    assert [text.root for text in every if languages_of(text) != set(gallery.LANGUAGES)] == []
    assert set(each.use) == set(gallery.LANGUAGES)
    assert all(sentence.endswith(".") and len(sentence) < 120 for sentence in each.use.values())


@pytest.mark.parametrize("key", KEYS)
def test_a_template_is_named_after_its_key_and_has_a_stage_and_a_series_of_its_own(key: str) -> None:
    each = template(key)
    assert (each.key, each.stage in gallery.STAGES) == (key, True)
    assert each.questionnaire.series == key
    assert 0 < each.seconds <= 120


@pytest.mark.parametrize("key", KEYS)
def test_a_validated_instrument_has_its_registered_wording(key: str) -> None:
    """In English always; in another language wherever the registry has a wording (None: it has none)."""
    for question in template(key).questionnaire.questions:
        judged = {language: unaltered(question, language) for language in gallery.LANGUAGES}
        assert False not in judged.values(), question.key
        if question.instrument and question.instrument.name not in ("csat", "ces-item"):
            assert judged["en"], question.key


def test_every_stage_and_every_kind_of_score_has_a_template() -> None:
    every = gallery.templates()
    assert len(every) >= 30
    assert [each.key for each in every] == sorted(
        KEYS, key=lambda key: (list(gallery.STAGES).index(template(key).stage), key)
    )
    assert {each.stage for each in every} == set(gallery.STAGES)
    assert {each.metric for each in every} - {None} == KINDS


@pytest.mark.parametrize("key", KEYS)
def test_a_playbook_has_as_many_steps_in_every_language(key: str) -> None:
    for rule in template(key).questionnaire.follow_ups:
        assert rule.playbook, rule.key
        steps = {len(rule.playbook.to(language).splitlines()) for language in gallery.LANGUAGES}
        assert len(steps) == 1, rule.key
        assert steps <= {2, 3}


def answers_to(questionnaire: Questionnaire, key: str) -> list[Answer]:
    """Every answer to a closed question."""
    question = questionnaire.by_key[key]
    if isinstance(question, ScaleQuestion):
        return [Answer(value) for value in range(question.minimum, question.maximum + 1)]
    assert isinstance(question, ChoiceQuestion)
    return [Answer(option.key) for option in question.options]


@pytest.mark.parametrize("key", KEYS)
def test_a_thank_you_that_promises_a_call_opens_a_follow_up(key: str) -> None:
    questionnaire = template(key).questionnaire
    for page in questionnaire.thanks:
        for asked in page.when.questions() if page.when else ():
            for answer in answers_to(questionnaire, asked):
                promised = questionnaire.thanks_for({asked: answer}) == page
                if promised:
                    assert list(questionnaire.follow_ups_for({asked: answer})), (asked, answer)


# --- Not in force


def test_no_template_is_in_force(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / "gallery", tmp_path / "questionnaires" / "gallery")
    shelf = library.load(resources.directories("questionnaires", tmp_path))
    assert shelf.questionnaires.keys() & set(KEYS) == set()
    assert shelf.questionnaires


def test_a_journey_that_names_a_template_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "questionnaires"
    own.mkdir()
    journey = (SHIPPED / "journey.yaml").read_text(encoding="utf-8")
    (own / "journey.yaml").write_text(journey.replace("support-call-csat", "ticket-ces"), encoding="utf-8")
    with pytest.raises(QuestionnaireInvalid, match="missing-questionnaire"):
        library.load(resources.directories("questionnaires", tmp_path))
    checked = lint.check_files([own], beside=SHIPPED)
    assert [each.rule for result in checked for each in result.problems] == ["missing-questionnaire"]


# --- Copies


@pytest.mark.parametrize("key", KEYS)
def test_a_copy_is_the_template_byte_for_byte_under_its_new_key(key: str, tmp_path: Path) -> None:
    made = gallery.copy(template(key), "our-own", (), tmp_path)
    original = (SHIPPED / "gallery" / f"{key}.yaml").read_bytes()
    assert made == tmp_path / "our-own.yaml"
    assert made.read_bytes() == original.replace(f"\nkey: {key}\n".encode(), b"\nkey: our-own\n", 1)
    assert found(made.read_text(encoding="utf-8"), made.name) == []


@pytest.mark.parametrize("languages", [("en",), ("tr",), ("fa",), ("fa", "en")], ids="-".join)
@pytest.mark.parametrize("key", KEYS)
def test_a_copy_in_fewer_languages_is_as_clean(key: str, languages: tuple[str, ...], tmp_path: Path) -> None:
    made = gallery.copy(template(key), "our-own", languages, tmp_path)
    text = made.read_text(encoding="utf-8")
    assert found(text, made.name) == []
    questionnaire = lint.read(text).questionnaire
    assert questionnaire
    assert questionnaire.languages == languages
    assert {name for each in texts(questionnaire) for name in languages_of(each)} == set(languages)
    before = template(key).document.source.splitlines()
    assert [line for line in before if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]


def test_a_copy_takes_part_in_the_library_as_soon_as_it_is_read(tmp_path: Path) -> None:
    gallery.copy(template("qbr-csat"), "our-review", (), tmp_path / "questionnaires")
    shelf = library.load(resources.directories("questionnaires", tmp_path))
    assert shelf.questionnaire("our-review").series == "our-review"


def test_a_copy_never_takes_the_place_of_another_file(tmp_path: Path) -> None:
    own = tmp_path / "questionnaires"
    first = gallery.copy(template("qbr-csat"), "review", (), own)
    (own / "other-name.yml").write_text("key: hidden # in a file of another name\n")
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    for key in ("review", "hidden", "relationship-nps", "journey"):
        with pytest.raises(Conflict, match=f"{key} is taken by"):
            gallery.copy(template("kickoff-csat"), key, (), own, taken=[SHIPPED])
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before
    assert first.name in before


@pytest.mark.parametrize("key", ["Review", "1st", "a b", "../up", "", "null", "a: b", "x" * 65, "ğ"])
def test_what_cannot_be_a_key_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="cannot be a key"):
        gallery.copy(template("qbr-csat"), key, (), tmp_path / "questionnaires")
    assert list(tmp_path.iterdir()) == []


def test_a_language_that_the_template_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="qbr-csat has no texts in de; it has en, tr, fa"):
        gallery.copy(template("qbr-csat"), "review", ("en", "de"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "questionnaires").write_text("a file")
    with pytest.raises(FeedbackError, match=r"review\.yaml cannot be written"):
        gallery.copy(template("qbr-csat"), "review", (), tmp_path / "questionnaires")


def test_a_mistyped_template_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(NotFound, match=r"Did you mean kickoff-csat\?"):
        gallery.template("kickof-csat")
    with pytest.raises(NotFound, match=r"no template '\.\./relationship-nps'"):
        gallery.template("../relationship-nps")
