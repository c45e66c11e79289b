"""A survey by text message, in the words that people use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.library import Library
from feedback.providers.base import Reply
from feedback.services.access import Viewer
from feedback.services.contact import suppression
from feedback.services.journey import enrolments
from feedback.services.responses import reply_inbox, sms_conversation
from feedback.services.responses.reply_inbox import Decision
from feedback.store.models import (
    AnswerRow,
    FollowUp,
    InboundReply,
    Invitation,
    Message,
    QuestionnaireVersion,
    Response,
    Score,
    Suppression,
)
from tests.services.conftest import World

PHONE = "+905321234567"


@pytest.fixture
def asked(world: World) -> World:
    """A customer who has just got a support survey by SMS."""
    ask(world)
    return world


def ask(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert len(world.texts) == 1
    world.wait(minutes=3)


def reword(world: World, **fields: object) -> None:
    """Another support survey, as if its file had been written so."""
    shipped = world.library.questionnaires["support-call-csat"]
    changed = Questionnaire.model_validate({**shipped.model_dump(exclude_unset=True), **fields})
    world.library = Library({**world.library.questionnaires, shipped.key: changed}, world.library.journey)


def answers(world: World) -> dict[str, object]:
    with world.database.reading() as session:
        return {
            row.question: row.value if row.text is None else row.text
            for row in session.scalars(select(AnswerRow))
        }


def test_a_number_is_a_score_and_asks_for_a_comment(asked: World) -> None:
    asked.reply("4")
    asked.tick()
    assert answers(asked) == {"satisfaction": 4}
    assert asked.texts[1:] == ["What could we do better?"]


def test_a_note_before_the_score_does_not_keep_a_reply_from_counting(world: World) -> None:
    shipped = world.library.questionnaires["support-call-csat"].model_dump(exclude_unset=True)
    note = {"key": "hello", "type": "note", "text": "One question about our help."}
    reword(world, questions=[note, *shipped["questions"]])
    ask(world)
    world.reply("4")
    assert answers(world) == {"satisfaction": 4}


def test_a_number_answers_the_reminder_of_a_survey_that_went_out_by_mail(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=90))
        world.contact(session, account=account)
        enrolments.plan_dates(session, world.context, world.now)
    for _ in range(7):
        world.tick()
        world.wait(days=1)
    assert (len(world.mails), len(world.texts)) == (1, 1)
    world.reply("9")
    assert answers(world) == {"score": 9}


def test_the_comment_completes_it_and_is_thanked_for_once(asked: World) -> None:
    asked.reply("5!")
    asked.reply("Very quick, thanks")
    asked.tick()
    assert answers(asked) == {"satisfaction": 5, "comment": "Very quick, thanks"}
    assert asked.texts[-1] == "Thank you!"
    asked.reply("and friendly")
    asked.tick()
    assert answers(asked)["comment"] == "Very quick, thanks\nand friendly"
    assert asked.texts.count("Thank you!") == 1


def test_a_score_with_words_needs_no_second_question(asked: World) -> None:
    asked.reply("2 nobody called me back")
    asked.tick()
    assert answers(asked) == {"satisfaction": 2, "comment": "nobody called me back"}
    assert "What could we do better?" not in asked.texts


def test_what_is_unclear_is_asked_about_once_and_then_kept(asked: World) -> None:
    asked.reply("it was ok I guess")
    asked.reply("what do you mean")
    asked.tick()
    assert sum("from 1 to 5" in text for text in asked.texts) == 1
    with asked.database.reading() as session:
        kept = session.scalars(
            select(InboundReply).where(InboundReply.needs_person).order_by(InboundReply.id)
        ).all()
        assert [each.body for each in kept] == ["it was ok I guess", "what do you mean"]


def test_a_second_number_within_the_hour_corrects_the_first(asked: World) -> None:
    asked.reply("1")
    asked.wait(minutes=5)
    asked.reply("5")
    with asked.database.reading() as session:
        assert session.scalars(select(Score.value)).all() == [5]
        assert len(session.scalars(select(Response)).all()) == 1


@pytest.mark.parametrize("words", ["sorry, 4", "I meant 4", "four", "4 out of 5", "no, 4!"])
def test_a_bare_number_corrects_the_score(asked: World, words: str) -> None:
    asked.reply("1")
    asked.reply(words)
    asked.tick()
    assert answers(asked) == {"satisfaction": 4}
    assert asked.texts[1:] == ["What could we do better?"]


@pytest.mark.parametrize(
    "words",
    [
        "1 thing: faster answers please",
        "give Ali a raise, agent 2",
        "please call me at extension 3",
        "4 really",
    ],
)
@pytest.mark.parametrize("minutes", [5, 90])
def test_a_comment_with_a_number_in_it_is_kept_whole_and_leaves_the_score(
    asked: World, words: str, minutes: int
) -> None:
    asked.reply("5")
    asked.wait(minutes=minutes)
    asked.reply(words)
    asked.tick()
    assert answers(asked) == {"satisfaction": 5, "comment": words}
    assert asked.texts[-1] == "Thank you!"
    with asked.database.reading() as session:
        assert session.scalars(select(FollowUp)).all() == []


def test_words_that_come_later_never_replace_a_comment(asked: World) -> None:
    asked.reply("4")
    asked.reply("Ali was wonderful, but the wait was terrible")
    asked.reply("4 really")
    assert answers(asked) == {
        "satisfaction": 4,
        "comment": "Ali was wonderful, but the wait was terrible\n4 really",
    }


def test_words_before_a_score_stay_when_the_score_brings_more(asked: World) -> None:
    asked.reply("it was ok I guess")
    asked.reply("what do you mean")
    asked.reply("4 really")
    assert answers(asked) == {"satisfaction": 4, "comment": "it was ok I guess\nwhat do you mean\nreally"}


def test_no_to_the_question_for_a_comment_is_no_second_score(world: World) -> None:
    """A thumb can be answered "no", and so can "what could we do better?"."""
    question = {"type": "thumbs", "key": "satisfaction", "text": {"en": "Did we help?"}}
    comment = {"type": "text", "key": "comment", "text": {"en": "What could we do better?"}}
    reword(world, languages=["en"], questions=[question, comment], follow_ups=[], thanks=[], fields=[])
    ask(world)
    world.reply("yes")
    world.reply("no")
    assert answers(world) == {"satisfaction": 1, "comment": "no"}


@pytest.mark.parametrize("words", ["STOP", "stop.", "İPTAL", "لغو", "Unsubscribe"])
def test_stop_in_any_language_ends_everything_and_is_confirmed_once(asked: World, words: str) -> None:
    asked.reply(words)
    asked.reply(words)
    asked.tick()
    assert sum("no more surveys" in text for text in asked.texts) == 1
    asked.wait(days=60)
    with asked.database.writing() as session:
        asked.event(session, "ticket_closed")
    asked.wait(hours=2)
    asked.tick()
    assert len(asked.texts) == 2
    assert asked.mails == []


def test_a_wish_to_stop_in_other_words_suspends_every_way_until_a_person_has_read_it(asked: World) -> None:
    asked.reply("please don't text me again")
    with asked.database.reading() as session:
        rows = session.execute(select(Suppression.kind, Suppression.reason)).all()
        assert {tuple(row) for row in rows} == {("sms", "maybe_opt_out"), ("email", "maybe_opt_out")}
        assert session.scalars(select(InboundReply.needs_person)).all() == [True]


@pytest.mark.parametrize(
    ("words", "reason"),
    [("5 but please stop texting me", "maybe_opt_out"), ("لغو ۵", "opt_out"), ("iptal 4", "opt_out")],
)
def test_stop_wins_over_a_score_in_the_same_message(asked: World, words: str, reason: str) -> None:
    asked.reply(words)
    asked.tick()
    assert answers(asked) == {}
    with asked.database.reading() as session:
        assert session.scalars(select(Suppression.reason).where(Suppression.kind == "sms")).all() == [reason]
    assert not any("from 1 to 5" in text for text in asked.texts)


def test_a_stop_word_in_a_comment_suspends_but_costs_neither_score_nor_comment(asked: World) -> None:
    asked.reply("2, I had to cancel my order twice")
    asked.tick()
    assert answers(asked) == {"satisfaction": 2, "comment": "I had to cancel my order twice"}
    assert len(asked.texts) == 1  # no thanks: nothing is sent until somebody has read it
    with asked.database.reading() as session:
        assert set(session.scalars(select(Suppression.reason))) == {"maybe_opt_out"}
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person) == ("maybe_stop", True)


@pytest.mark.parametrize("words", ["I had to cancel twice", "please stop these texts, and call me back"])
def test_a_comment_in_which_somebody_may_want_to_stop_is_kept_with_the_score(
    asked: World, words: str
) -> None:
    asked.reply("2")
    asked.reply(words)
    assert answers(asked) == {"satisfaction": 2, "comment": words}
    with asked.database.reading() as session:
        assert set(session.scalars(select(Suppression.reason))) == {"maybe_opt_out"}


def test_stop_ends_the_surveys_of_everybody_behind_the_number(world: World) -> None:
    # Without a rest, because with one the second person behind the number would not be asked at all.
    restless = replace(world.settings.contact, min_gap=timedelta(0), important_gap=timedelta(0))
    world.settings = replace(world.settings, contact=restless)
    with world.database.writing() as session:
        for key in ("c1", "c2"):
            world.contact(session, key, email=None)
            world.event(session, "onboarding_completed", key)
    world.wait(days=1)
    world.tick()
    assert len(world.texts) == 2
    world.reply("STOP")
    with world.database.reading() as session:
        assert session.scalars(select(Invitation.remind_at)).all() == [None, None]


def test_start_takes_a_stop_back(asked: World) -> None:
    asked.reply("STOP")
    asked.reply("START")
    with asked.database.reading() as session:
        still = session.scalars(select(Suppression.kind).where(Suppression.lifted_at.is_(None))).all()
        assert still == ["email"]  # only the address that asked comes back


def test_a_reply_delivered_twice_counts_once(asked: World) -> None:
    reply = Reply("SM1", "+905321234567", "+15550000000", "4", asked.now, None)
    for _ in range(2):
        with asked.database.writing() as session:
            sms_conversation.receive(session, "simulator_sms", reply, asked.context, asked.now)
    asked.tick()
    assert asked.texts[1:] == ["What could we do better?"]


def test_a_stranger_s_words_reach_a_person_and_no_score(asked: World) -> None:
    asked.reply("9", phone="+905559999999")
    assert answers(asked) == {}
    with asked.database.reading() as session:
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person) == ("unknown_sender", True)


@pytest.mark.parametrize("words", ["Liked “{}”", "Disliked “{}”", "👍 to “{}”", "“{}” ifadesini beğendi"])
def test_a_phone_s_reaction_is_neither_a_reply_nor_a_comment(asked: World, words: str) -> None:
    asked.reply(words.format(asked.texts[0]))
    asked.reply("2")
    asked.tick()
    asked.reply(words.format("What could we do better?"))
    asked.tick()
    assert answers(asked) == {"satisfaction": 2}
    assert asked.texts[1:] == ["What could we do better?"]
    asked.reply("the lifts are broken again")
    assert answers(asked) == {"satisfaction": 2, "comment": "the lifts are broken again"}
    with asked.database.reading() as session:
        rows = session.scalars(select(InboundReply).where(InboundReply.meaning == "automatic")).all()
        assert [row.needs_person for row in rows] == [False, False]
        assert session.scalars(select(Suppression)).all() == []


def test_a_reaction_to_words_that_are_not_ours_is_read_by_a_person(asked: World) -> None:
    asked.reply("Loved “the way Ann explained it”")
    with asked.database.reading() as session:
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person) == ("automatic", True)


def test_a_machine_s_text_is_no_comment_and_ends_nothing(asked: World) -> None:
    asked.reply("3")
    asked.reply("I'm driving with Do Not Disturb turned on. I'll see your message when I get there.")
    asked.tick()
    assert asked.texts[1:] == ["What could we do better?"]
    asked.reply("the lifts are broken again")
    asked.tick()
    assert answers(asked) == {"satisfaction": 3, "comment": "the lifts are broken again"}
    assert asked.texts[-1] == "Thank you!"


@pytest.mark.parametrize("words", ["Auto reply: I am out of office until 2", "We're open from 2"])
def test_a_machine_s_number_is_no_score_and_is_not_asked_about(asked: World, words: str) -> None:
    asked.reply(words)
    asked.tick()
    assert answers(asked) == {}
    assert len(asked.texts) == 1
    asked.reply("4")
    assert answers(asked) == {"satisfaction": 4}


@pytest.mark.parametrize(
    ("words", "value"),
    [("Very satisfied", 5), ("satisfied", 4), ("Very dissatisfied!", 1), ("👍", 5), ("👎🏽", 1)],
)
def test_a_label_or_a_thumb_answers_a_scale(asked: World, words: str, value: int) -> None:
    asked.reply(words)
    assert answers(asked) == {"satisfaction": value}


def test_a_label_after_the_score_is_a_comment(asked: World) -> None:
    asked.reply("2")
    asked.reply("neither satisfied nor dissatisfied")
    asked.reply("👍")
    assert answers(asked) == {
        "satisfaction": 2,
        "comment": "neither satisfied nor dissatisfied\n👍",
    }


def test_a_thumb_on_a_long_scale_is_asked_about(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, email=None)
        world.event(session, "onboarding_completed")
    world.wait(days=1)
    world.tick()
    assert len(world.texts) == 1
    world.reply("👍")
    assert answers(world) == {}


def test_words_before_the_score_are_its_comment_and_are_not_asked_for(asked: World) -> None:
    asked.reply("because the driver was rude")
    asked.reply("2")
    asked.tick()
    assert answers(asked) == {"satisfaction": 2, "comment": "because the driver was rude"}
    assert "What could we do better?" not in asked.texts
    assert asked.texts[-1] != asked.texts[0]


@pytest.mark.parametrize("first", ["2-3", "9", "I'd say 8 or 9"])
def test_an_unclear_number_before_the_score_is_no_comment(asked: World, first: str) -> None:
    asked.reply(first)
    asked.reply("3")
    asked.tick()
    assert answers(asked) == {"satisfaction": 3}
    assert asked.texts[-1] == "What could we do better?"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("9", "This number is not on our scale. Please reply with one from 1 to 5"),
        ("2-3", "We need one number only. Please reply with one from 1 to 5"),
        ("it was fine", "Sorry, we need a number from 1 to 5"),
    ],
)
def test_the_question_fits_the_mistake(asked: World, words: str, told: str) -> None:
    asked.reply(words)
    asked.tick()
    assert asked.texts[-1].startswith(told)


def test_a_comment_by_sms_is_never_longer_than_the_page_takes(asked: World) -> None:
    asked.reply("2")
    for letter in "abcd":
        asked.reply(letter * 1500)
    comment = str(answers(asked)["comment"])
    question = asked.library.questionnaires["support-call-csat"].by_key["comment"]
    assert question.read({"comment": [comment]}) == Answer(None, comment)
    assert comment == "\n".join(letter * 1500 for letter in "abc")
    with asked.database.reading() as session:
        waiting = session.scalars(select(InboundReply).where(InboundReply.needs_person)).all()
        assert "d" * 1500 in [row.body for row in waiting]


@pytest.mark.parametrize(
    ("words", "value", "comment"),
    [
        ("the bus did not stop for me. 2", 2, "the bus did not stop for me."),
        ("1 please stop calling my colleague", 1, "please stop calling my colleague"),
    ],
)
def test_a_stop_word_among_others_costs_neither_score_nor_words(
    asked: World, words: str, value: int, comment: str
) -> None:
    asked.reply(words)
    assert answers(asked) == {"satisfaction": value, "comment": comment}
    with asked.database.reading() as session:
        assert set(session.scalars(select(Suppression.reason))) == {"maybe_opt_out"}
        assert len(session.scalars(select(FollowUp)).all()) == 1


def _with_picture(asked: World, words: str, provider_id: str = "MM1") -> None:
    picture = ("image/jpeg https://pictures.example/1",)
    reply = Reply(provider_id, PHONE, "+15550000000", words, asked.now, None, picture)
    with asked.database.writing() as session:
        sms_conversation.receive(session, "simulator_sms", reply, asked.context, asked.now)


def test_a_picture_without_words_reaches_a_person_and_is_not_asked_about(asked: World) -> None:
    _with_picture(asked, "")
    asked.tick()
    assert len(asked.texts) == 1
    with asked.database.reading() as session:
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person) == ("attachment", True)
        assert row.body == "📎 image/jpeg https://pictures.example/1"
    asked.reply("2")
    assert answers(asked) == {"satisfaction": 2}


def test_words_beside_a_picture_are_heard_and_a_person_sees_both(asked: World) -> None:
    _with_picture(asked, "2 look at this")
    assert answers(asked) == {"satisfaction": 2, "comment": "look at this"}
    _with_picture(asked, "and this", "MM2")
    assert answers(asked) == {"satisfaction": 2, "comment": "look at this\nand this"}
    with asked.database.reading() as session:
        assert session.scalars(select(InboundReply.needs_person)).all() == [True, True]


def test_a_stop_beside_a_picture_stops(asked: World) -> None:
    _with_picture(asked, "STOP")
    with asked.database.reading() as session:
        assert set(session.scalars(select(Suppression.reason))) == {"opt_out"}


@pytest.mark.parametrize("words", ["2, please stop texting my wife", "2 but please stop"])
def test_the_score_of_a_likely_wish_counts_once_a_person_has_found_it_to_be_none(
    asked: World, words: str
) -> None:
    asked.reply(words)
    assert answers(asked) == {}
    asked.wait(days=1)
    with asked.database.writing() as session:
        viewer = Viewer(asked.owner(session).id, sees_all=True)
        row = session.scalars(select(InboundReply)).one()
        reply_inbox.decide(
            session, row.id, viewer, Decision.NO_OPT_OUT, "", context=asked.context, now=asked.now
        )
    assert answers(asked)["satisfaction"] == 2
    with asked.database.reading() as session:
        assert len(session.scalars(select(FollowUp)).all()) == 1
        assert not suppression.is_suppressed(session, "sms", PHONE)


def test_a_decision_about_an_older_reply_leaves_a_newer_score(asked: World) -> None:
    asked.reply("2 but please stop")
    asked.reply("4")
    with asked.database.writing() as session:
        row = session.scalars(select(InboundReply).where(InboundReply.needs_person)).one()
        reply_inbox.decide(
            session,
            row.id,
            Viewer(asked.owner(session).id, sees_all=True),
            Decision.NO_OPT_OUT,
            "",
            context=asked.context,
            now=asked.now,
        )
    assert answers(asked)["satisfaction"] == 4


def test_an_ending_of_turkish_grammar_is_no_opt_out(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, language="tr")
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.reply("Puanım 4'tür")
    world.reply("5'dur")
    assert answers(world) == {"satisfaction": 5}
    with world.database.reading() as session:
        assert session.scalars(select(Suppression)).all() == []


@pytest.mark.parametrize("sender", ["rcs:+905321234567", "whatsapp:+905321234567", "905321234567"])
def test_a_reply_by_another_way_of_the_provider_is_from_the_same_number(asked: World, sender: str) -> None:
    asked.reply("4", phone=sender)
    asked.tick()
    assert answers(asked) == {"satisfaction": 4}
    assert asked.texts[1:] == ["What could we do better?"]


@pytest.mark.parametrize(
    ("stored", "sender"),
    [
        ("+905321234567", "rcs:+905321234567"),
        ("+905321234567", "whatsapp:+905321234567"),
        ("+525512345678", "+5215512345678"),
        ("+5215512345678", "+525512345678"),
        ("+541123456789", "+5491123456789"),
        ("+551187654321", "whatsapp:+5511987654321"),
        ("+22507123456", "+2250707123456"),
    ],
)
def test_stop_in_any_spelling_of_the_number_stops_the_next_survey(
    world: World, stored: str, sender: str
) -> None:
    with world.database.writing() as session:
        world.contact(session, phone=stored, email=None)
    world.reply("STOP", phone=sender)
    with world.database.writing() as session:
        assert suppression.is_suppressed(session, "sms", stored)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert [text for text in world.texts if "no more surveys" not in text] == []
    with world.database.reading() as session:
        assert not session.scalars(select(InboundReply)).one().needs_person
        assert ":" not in session.scalars(select(Suppression.address)).one()


def test_start_in_another_spelling_of_the_number_takes_the_stop_back(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, phone="+525512345678", email=None)
    world.reply("STOP", phone="+5215512345678")
    world.reply("START", phone="whatsapp:+525512345678")
    with world.database.reading() as session:
        assert not suppression.is_suppressed(session, "sms", "+525512345678")


@pytest.mark.parametrize("provider_confirmed", [None, "STOP"])
def test_a_stop_that_matches_nobody_closes_its_address_and_reaches_a_person(
    world: World, provider_confirmed: str | None
) -> None:
    reply = Reply("SM1", "+905559999999", "+15550000000", "STOP", world.now, provider_confirmed)
    with world.database.writing() as session:
        sms_conversation.receive(session, "simulator_sms", reply, world.context, world.now)
    with world.database.writing() as session:
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person, row.contact_id) == ("stop", True, None)
        world.contact(session, phone="+905559999999", email=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert [text for text in world.texts if "no more surveys" not in text] == []


@pytest.mark.parametrize(("words", "meaning", "stopped"), [("STOP", "stop", True), ("4", "unclear", False)])
def test_a_stop_counts_though_its_survey_cannot_be_read(
    asked: World, words: str, meaning: str, stopped: bool
) -> None:
    """A file that was damaged in the database, for example. The rest is kept for a person."""
    with asked.database.writing() as session:
        for version in session.scalars(select(QuestionnaireVersion)):
            version.content = {"damaged": True}
    asked.library = Library(asked.library.questionnaires, asked.library.journey)
    asked.reply(words, phone=f"rcs:{PHONE}")
    with asked.database.reading() as session:
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person) == (meaning, not stopped)
        assert suppression.is_suppressed(session, "sms", PHONE) is stopped


def test_a_reply_after_the_end_is_kept_as_a_late_one(asked: World) -> None:
    asked.wait(days=9)
    asked.tick()
    asked.reply("sorry, I was away. It was a 2")
    with asked.database.reading() as session:
        row = session.scalars(select(InboundReply)).one()
        assert (row.meaning, row.needs_person) == ("late", True)
        assert row.invitation_id == session.scalars(select(Invitation.id)).one()


def test_words_that_come_after_the_end_are_added_to_the_answer_and_read_by_a_person(asked: World) -> None:
    asked.reply("2")
    asked.wait(days=9)
    asked.tick()
    asked.reply("Because nobody called me back")
    assert answers(asked) == {"satisfaction": 2, "comment": "Because nobody called me back"}
    with asked.database.reading() as session:
        late = session.scalars(select(InboundReply).where(InboundReply.needs_person)).one()
        assert late.meaning == "late"
        task = session.scalars(select(FollowUp)).one()
        assert [row.text for row in task.response.answers if row.text] == ["Because nobody called me back"]


def test_a_correction_that_comes_too_late_is_kept_as_words(asked: World) -> None:
    asked.reply("2")
    asked.wait(hours=2)
    asked.reply("sorry, 5")
    assert answers(asked) == {"satisfaction": 2, "comment": "sorry, 5"}
    with asked.database.reading() as session:
        assert session.scalars(select(InboundReply.needs_person).order_by(InboundReply.id)).all() == [
            False,
            True,
        ]


def test_words_long_after_the_thanks_are_added_to_the_comment(asked: World) -> None:
    asked.reply("2")
    asked.reply("Nobody called me")
    asked.wait(days=1)
    asked.reply("They have called now, thanks")
    assert answers(asked)["comment"] == "Nobody called me\nThey have called now, thanks"


def test_words_weeks_after_the_end_belong_to_no_survey(asked: World) -> None:
    asked.reply("2")
    asked.wait(days=40)
    asked.reply("Are you open on Sunday?")
    assert answers(asked) == {"satisfaction": 2}
    with asked.database.reading() as session:
        last = session.scalars(select(InboundReply).order_by(InboundReply.id.desc())).first()
        assert last is not None
        assert (last.meaning, last.needs_person, last.invitation_id) == ("unclear", True, None)


def test_the_survey_is_complete_when_the_conversation_is_over(asked: World) -> None:
    asked.reply("5")
    with asked.database.reading() as session:
        assert session.scalars(select(Response.state)).all() == ["partial"]
    asked.reply("Very quick")
    with asked.database.reading() as session:
        assert session.scalars(select(Response.state)).all() == ["complete"]
        assert session.scalars(select(Invitation.state)).all() == ["completed"]


@pytest.mark.parametrize("nothing", [".", "-", "?!"])
def test_a_reply_that_says_nothing_is_no_comment_but_ends_the_conversation(
    asked: World, nothing: str
) -> None:
    asked.reply("5")
    asked.reply(nothing)
    asked.tick()
    assert answers(asked) == {"satisfaction": 5}
    assert asked.texts[-1] == "Thank you!"


def test_a_reply_that_says_nothing_opens_no_response(asked: World) -> None:
    asked.reply("it was ok I guess")
    asked.reply(".")
    assert answers(asked) == {}
    with asked.database.reading() as session:
        assert session.scalars(select(Response)).all() == []
        assert session.scalars(select(InboundReply.needs_person)).all() == [True, True]


def test_thanks_repeat_what_was_answered(world: World) -> None:
    reword(
        world,
        thanks=[{"text": {"en": "You gave {answer.satisfaction|something}. Thanks!"}}],
        messages={"comment_prompt": {"en": "Why {answer.satisfaction|that}?"}},
    )
    ask(world)
    world.reply("4")
    world.reply("It works")
    world.tick()
    assert world.texts[1:] == ["Why Satisfied?", "You gave Satisfied. Thanks!"]


def test_help_says_who_is_writing_and_where_the_open_survey_is(asked: World) -> None:
    company = replace(
        asked.settings.organisation, support_phone="+902120000000", support_email="help@acme.example"
    )
    asked.settings = replace(asked.settings, organisation=company)
    asked.reply("HELP")
    asked.tick()
    with asked.database.reading() as session:
        link = f"http://127.0.0.1:8080/{session.scalars(select(Invitation.token)).one()}"
    assert asked.texts[-1] == (
        f"Acme surveys. Help: +902120000000, help@acme.example. Answer here: {link} Reply STOP to end."
    )


def test_what_we_answer_comes_from_the_number_they_wrote_to_and_shares_its_pace(asked: World) -> None:
    asked.settings = replace(asked.settings, twilio=replace(asked.settings.twilio, sender="+15550000000"))
    asked.reply("HELP")
    with asked.database.writing() as session:
        reply = Reply("SM1", PHONE, "25000", "HELP", asked.now, None)
        sms_conversation.receive(session, "simulator_sms", reply, asked.context, asked.now)
        senders = session.scalars(
            select(Message.sender).where(Message.purpose == "thanks").order_by(Message.id)
        )
        assert senders.all() == [None, "25000"]


def test_what_the_provider_has_understood_and_answered_is_not_answered_twice(asked: World) -> None:
    for number, (words, understood) in enumerate(
        [("AYUDA!", "HELP"), ("basta ya", "STOP"), ("join", "START")]
    ):
        reply = Reply(f"SM{number}", PHONE, "+15550000000", words, asked.now, understood)
        with asked.database.writing() as session:
            sms_conversation.receive(session, "simulator_sms", reply, asked.context, asked.now)
            session.flush()
            assert suppression.is_suppressed(session, "sms", PHONE) == (understood == "STOP")
    asked.tick()
    assert len(asked.texts) == 1
    with asked.database.reading() as session:
        meanings = session.scalars(select(InboundReply.meaning).order_by(InboundReply.id)).all()
        assert meanings == ["help", "stop", "start"]


@pytest.mark.parametrize("over", ["expired", "answered"])
def test_help_names_no_address_that_leads_nowhere(asked: World, over: str) -> None:
    if over == "expired":
        asked.wait(days=9)
        asked.tick()
    else:
        asked.reply("5 thanks to Ali")
    asked.reply("HELP")
    asked.tick()
    assert asked.texts[-1] == "Acme surveys. Reply STOP to end."
