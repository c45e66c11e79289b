"""More than one question by SMS: options by number, conditions, what does not fit, and the link for the rest."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.responses import recording, reply_inbox
from feedback.services.responses.reply_inbox import Decision
from feedback.services.responses.submission import Submission
from feedback.store.models import AnswerRow, InboundReply, Invitation, Response
from tests.services.conftest import World

WORDS = {
    "en": "How satisfied are you?|What was the main reason?|Price|Quality|Something else|What could we do better?",
    "tr": "Ne kadar memnunsunuz?|Asıl neden neydi?|Fiyat|Kalite|Başka bir şey|Neyi daha iyi yapabiliriz?",
    "fa": "چقدر راضی هستید؟|دلیل اصلی چه بود؟|قیمت|کیفیت|چیز دیگر|چه را بهتر کنیم؟",
}
LANGUAGES = tuple(WORDS)


def texts(at: int) -> dict[str, str]:
    return {language: words.split("|")[at] for language, words in WORDS.items()}


SCORE: dict[str, Any] = {"key": "score", "type": "csat", "text": texts(0), "required": True}
REASON: dict[str, Any] = {
    "key": "reason",
    "type": "single",
    "text": texts(1),
    "by_sms": True,
    "dont_know": True,
    "options": [
        {"key": "price", "text": texts(2)},
        {"key": "quality", "text": texts(3)},
        {"key": "other", "text": texts(4), "role": "other", "other_text": True},
    ],
}
COMMENT: dict[str, Any] = {"key": "comment", "type": "text", "text": texts(5)}


def ask(world: World, *questions: dict[str, Any], language: str = "en", **rest: Any) -> World:
    """A customer who has just got this survey by SMS."""
    shipped = world.library.questionnaires["support-call-csat"]
    survey = {"key": shipped.key, "title": "Support", "languages": LANGUAGES, "questions": questions, **rest}
    asked = Questionnaire.model_validate(survey)
    world.library = Library({**world.library.questionnaires, asked.key: asked}, world.library.journey)
    with world.database.writing() as session:
        world.contact(session, language=language)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert len(world.texts) == 1
    world.wait(minutes=3)
    return world


def say(world: World, *replies: str) -> list[str]:
    """Send these replies, and return what comes back."""
    before = len(world.texts)
    for reply in replies:
        world.reply(reply)
        world.tick()
        world.wait(minutes=1)
    return world.texts[before:]


def answers(world: World) -> dict[str, Any]:
    with world.database.reading() as session:
        return {
            row.question: row.value if row.text is None else row.text
            for row in session.scalars(select(AnswerRow))
        }


def meanings(world: World) -> list[tuple[str, bool]]:
    with world.database.reading() as session:
        rows = session.scalars(select(InboundReply).order_by(InboundReply.id))
        return [(row.meaning, row.needs_person) for row in rows]


def link(world: World) -> str:
    with world.database.reading() as session:
        return f"http://127.0.0.1:8080/{session.scalars(select(Invitation.token)).one()}"


def test_options_are_numbered_and_a_number_chooses_one(world: World) -> None:
    ask(world, SCORE, REASON, COMMENT)
    (question,) = say(world, "2")
    assert question == (
        "What was the main reason?\nReply with a number:\n1 Price\n2 Quality\n3 Something else\n4 I do not know"
    )
    assert say(world, "1") == ["What could we do better?"]
    assert say(world, "Be cheaper") == ["Thank you for your answer!"]
    assert answers(world) == {"score": 2, "reason": "price", "comment": "Be cheaper"}
    assert meanings(world) == [("score", False), ("answer", False), ("comment", False)]
    with world.database.reading() as session:
        assert session.scalars(select(Response.state)).one() == "complete"


@pytest.mark.parametrize(
    ("language", "reply", "stored"),
    [
        ("en", "2.", "quality"),
        ("en", "two", "quality"),
        ("en", "Quality!", "quality"),
        ("en", "qual", "quality"),
        ("en", "4", "dont_know"),
        ("en", "not sure", "dont_know"),
        ("tr", "2", "quality"),
        ("tr", "iki", "quality"),
        ("tr", "KALİTE", "quality"),
        ("tr", "kal", "quality"),
        ("tr", "2'dir", "quality"),
        ("tr", "bilmiyorum", "dont_know"),
        ("fa", "۲", "quality"),
        ("fa", "دو", "quality"),
        ("fa", "كيفيت", "quality"),  # typed on an Arabic keyboard
        ("fa", "کیف", "quality"),
        ("fa", "نمیدونم", "dont_know"),
        ("fa", "۴", "dont_know"),
    ],
)
def test_a_reply_chooses_by_number_label_or_the_beginning_of_a_label(
    world: World, language: str, reply: str, stored: str
) -> None:
    ask(world, SCORE, REASON, language=language)
    say(world, "3", reply)
    assert answers(world) == {"score": 3, "reason": stored}


def test_the_list_is_written_in_the_customers_digits(world: World) -> None:
    ask(world, SCORE, REASON, language="fa")
    (question,) = say(world, "۳")
    assert question.split("\n")[1:] == [
        "شمارهٔ پاسخ را بفرستید:",
        "۱ قیمت",
        "۲ کیفیت",
        "۳ چیز دیگر",
        "۴ نمی‌دانم",
    ]


def test_words_beside_an_option_are_its_own_or_the_comment(world: World) -> None:
    ask(world, SCORE, REASON, COMMENT)
    assert say(world, "2", "Something else: the driver was rude")[-1] == "What could we do better?"
    assert answers(world) == {"score": 2, "reason": "the driver was rude"}


def test_words_beside_an_option_without_a_box_are_the_comment(world: World) -> None:
    ask(world, SCORE, REASON, COMMENT)
    assert say(world, "2", "1, and nobody called me back")[1:] == ["Thank you for your answer!"]
    assert answers(world) == {"score": 2, "reason": "price", "comment": "and nobody called me back"}


def test_what_does_not_fit_is_explained_once_and_kept(world: World) -> None:
    ask(world, SCORE, REASON, COMMENT)
    said = say(world, "2", "7", "the lifts are broken")
    assert said[1].startswith(
        "This number is not on our scale. Please reply with one from 1 to 4, or answer here: http"
    )
    assert said[2:] == [
        "Thank you for your answer!"
    ]  # the words are the comment, which is not asked for again
    assert answers(world) == {"score": 2, "comment": "the lifts are broken"}
    assert meanings(world)[1:] == [("unclear", True), ("unclear", True)]


def test_words_instead_of_a_number_are_kept_at_once_and_the_number_is_still_taken(world: World) -> None:
    ask(world, SCORE, REASON, COMMENT)
    (_, again) = say(world, "2", "1 thing: nobody called me back")
    assert again.startswith("Sorry, we need a number from 1 to 4.")
    assert say(world, "2") == ["Thank you for your answer!"]
    assert answers(world) == {"score": 2, "reason": "quality", "comment": "1 thing: nobody called me back"}


def test_conditions_decide_what_is_asked_by_sms(world: World) -> None:
    ask(world, SCORE, {**REASON, "show_if": {"question": "score", "at_most": 3}}, COMMENT)
    assert say(world, "5") == ["What could we do better?"]


def test_without_by_sms_a_question_stays_on_the_page(world: World) -> None:
    ask(world, SCORE, {**REASON, "by_sms": None}, COMMENT)
    assert say(world, "2", "Be cheaper") == ["What could we do better?", "Thank you for your answer!"]


def test_the_last_sms_leads_to_what_no_sms_can_ask(world: World) -> None:
    used = {**REASON, "key": "used", "type": "multi"}
    ask(world, SCORE, used, COMMENT, language="tr")
    assert say(world, "2", "Daha ucuz olun")[-1] == (
        f"Yanıtınız için teşekkürler!\nDilerseniz birkaç soru daha: {link(world)}"
    )


def test_a_required_question_that_no_sms_can_ask_is_asked_for_by_link(world: World) -> None:
    options = [{"key": each, "text": each} for each in ("mail", "chat", "phone")]
    ranking = {
        "key": "best",
        "type": "ranking",
        "text": "What matters most?",
        "options": options,
        "required": True,
    }
    ask(world, SCORE, {**ranking, "by_sms": True}, COMMENT)
    assert (
        say(world, "2", "Be cheaper")[-1]
        == f"Thank you for your answer!\nPlease answer the rest here: {link(world)}"
    )
    with world.database.reading() as session:
        assert session.scalars(select(Response.state)).one() == "partial"


def test_a_second_scale_says_what_its_ends_mean(world: World) -> None:
    effort = {"key": "effort", "type": "nps", "text": "How likely are you to recommend us?", "by_sms": True}
    ask(world, SCORE, effort)
    (question,) = say(world, "4")
    assert question == (
        "How likely are you to recommend us?\n"
        "Reply with a number from 0 (Not at all likely) to 10 (Extremely likely)."
    )
    say(world, "9 great people")
    assert answers(world) == {"score": 4, "effort": 9}


def test_at_most_three_questions_are_asked_by_sms(world: World) -> None:
    more = [{**REASON, "key": f"reason{number}"} for number in range(3)]
    ask(world, SCORE, *more)
    assert say(world, "4", "1", "1")[-1].startswith(
        "Thank you for your answer!\nMore questions, if you like: "
    )
    assert answers(world) == {"score": 4, "reason0": "price", "reason1": "price"}


def test_a_question_answered_on_the_page_meanwhile_is_not_asked_again(world: World) -> None:
    ask(world, SCORE, REASON, COMMENT)
    say(world, "2")
    with world.database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        asked = world.library.questionnaire_of(invitation.version)
        sent = Submission({"reason": Answer("price")}, world.now, "link")
        recording.record(session, invitation, asked, sent, world.settings)
    assert say(world, "They were slow, too") == ["Thank you for your answer!"]
    assert answers(world) == {"score": 2, "reason": "price", "comment": "They were slow, too"}


@pytest.mark.parametrize(
    ("reply", "score", "reason"),
    [
        ("sorry, I meant 5", 5, None),  # 5 is no option
        ("5", 2, None),  # a slip, or another score: asked once more
        ("sorry, I meant 3", 2, None),  # the score, or an option: asked once more
        ("3", 2, "other"),
    ],
)
def test_a_number_is_a_correction_only_where_nobody_could_read_it_otherwise(
    world: World, reply: str, score: int, reason: str | None
) -> None:
    ask(world, SCORE, REASON, COMMENT)
    say(world, "2", reply)
    assert answers(world) == {"score": score} | ({"reason": reason} if reason else {})


def test_after_two_numbers_a_third_that_can_be_either_is_left_to_a_person(world: World) -> None:
    ask(world, SCORE, REASON)
    say(world, "2", "1")
    assert say(world, "3") == []
    assert answers(world) == {"score": 2, "reason": "price"}
    assert meanings(world)[-1] == ("unclear", True)
    say(world, "5")  # no option has this number
    assert answers(world) == {"score": 5, "reason": "price"}


def test_a_stop_word_wins_over_an_option(world: World) -> None:
    options = [{"key": "cancel", "text": "Cancel"}, {"key": "stay", "text": "Stay"}]
    ask(world, SCORE, {**REASON, "options": options})
    assert say(world, "2", "cancel")[1:] == ["You will get no more surveys from us."]
    assert answers(world) == {"score": 2}


def test_no_opt_out_after_all_brings_the_first_answer_back(world: World) -> None:
    ask(world, {**REASON, "required": True}, COMMENT, messages={"sms": "Why? {options} {link}"})
    say(world, "2. But please don't text me")
    assert answers(world) == {}
    with world.database.writing() as session:
        reply = session.scalars(select(InboundReply)).one()
        viewer = Viewer(world.owner(session).id, sees_all=True)
        reply_inbox.decide(
            session, reply.id, viewer, Decision.NO_OPT_OUT, "", context=world.context, now=world.now
        )
    assert answers(world)["reason"] == "quality"


def test_a_survey_can_begin_with_a_choice_whose_options_the_invitation_lists(world: World) -> None:
    invitation = {"sms": texts(1) | {"en": "{company}: what was the reason?\n{options}\n{link}"}}
    ask(world, REASON, COMMENT, messages=invitation)
    assert world.texts[0].startswith(
        "Acme: what was the reason?\n1 Price\n2 Quality\n3 Something else\n4 I do not know\nhttp"
    )
    assert say(world, "quality") == ["What could we do better?"]
    assert answers(world) == {"reason": "quality"}


def test_a_choice_that_is_not_asked_by_sms_takes_no_number(world: World) -> None:
    ask(world, {**REASON, "by_sms": None}, COMMENT)
    assert say(world, "2") == []
    assert meanings(world) == [("unclear", True)]


def test_a_score_can_be_declined_in_words_where_the_question_offers_it(world: World) -> None:
    ask(world, {**SCORE, "dont_know": True, "not_applicable": True}, COMMENT)
    assert say(world, "I don't know") == ["What could we do better?"]
    assert answers(world) == {"score": "dont_know"}
