"""Tagging comments and editing the frame in the browser, and the page of themes."""

from __future__ import annotations

import csv
import html
import io
from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.themes import counting, labelling
from feedback.store.models import AnswerRow, AuditEntry, CommentTheme, FollowUp, ThemeFrameVersion
from feedback.store.portions import Portions
from tests import factories_reports
from tests.web.conftest import SignIn

FRAME = "/insights/themes/frame"
CATS = """themes:
  - key: cats
    name: {en: Cats, tr: Kediler, fa: گربه‌ها}
    words:
      en:
        - cat
"""


def comment(runtime: Runtime, words: str, times: int = 1, value: int = 2) -> int:
    with runtime.database.writing() as session:
        for _ in range(times):
            factories_reports.answered(
                session, value, clock.now() - timedelta(days=1), words=words,
                library=runtime.library, questionnaire="relationship-nps", stage="relationship",
                trend="relationship", question="score",
            )  # fmt: skip
    labelling.read_all(Portions(runtime.database), frozenset(), clock.now())
    counting.count_marked(runtime.database, frozenset())
    with runtime.database.reading() as session:
        return session.scalars(select(AnswerRow.id).where(AnswerRow.text == words)).all()[0]


def themes(runtime: Runtime, answer: int) -> list[tuple[str, str]]:
    with runtime.database.reading() as session:
        rows = session.execute(
            select(CommentTheme.theme, CommentTheme.origin)
            .where(CommentTheme.answer_id == answer)
            .order_by(CommentTheme.theme)
        )
        return [(theme, origin) for theme, origin in rows]


def test_a_comment_shows_its_themes_and_can_be_filtered_and_corrected(
    sign_in: SignIn, runtime: Runtime
) -> None:
    answer = comment(runtime, "Far too expensive")
    comment(runtime, "We shall see")
    viewer = sign_in("viewer")
    page = viewer.get("/insights/comments?theme=price").text
    assert "Far too expensive" in page and "We shall see" not in page
    assert ">Price</a>" in page and f"/insights/themes/comments/{answer}" in page
    unsorted = viewer.get("/insights/comments?theme=-").text
    assert "We shall see" in unsorted and "Far too expensive" not in unsorted

    form = viewer.get(f"/insights/themes/comments/{answer}?back=/insights/comments").text
    assert "Far too expensive" in form and 'value="price" checked' in form
    saved = viewer.post(
        f"/insights/themes/comments/{answer}", data={"theme": ["usability"], "back": "//evil.example"}
    )
    assert saved.status_code == 303 and saved.location.startswith("/insights/comments")
    assert themes(runtime, answer) == [("usability", "person")]
    with runtime.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "tagged")).one()
    assert (entry.subject, entry.subject_id) == ("comment", answer)


def test_inside_the_list_only_the_part_of_one_comment_is_answered(sign_in: SignIn, runtime: Runtime) -> None:
    answer = comment(runtime, "Far too expensive")
    lead, part = sign_in("lead"), {"HX-Request": "true"}
    form = lead.get(f"/insights/themes/comments/{answer}", headers=part).text
    assert "<form" in form and "<html" not in form
    after = lead.post(f"/insights/themes/comments/{answer}", data={"theme": "billing"}, headers=part).text
    assert "Invoices and contract" in after and "<html" not in after
    assert lead.post(f"/insights/themes/comments/{answer}", data={"theme": "nonsense"}).status_code == 422
    assert lead.get("/insights/themes/comments/999999").status_code == 404


def test_the_page_of_themes_shows_shares_scores_and_contradictions(sign_in: SignIn, runtime: Runtime) -> None:
    comment(runtime, "Far too expensive", 12)
    comment(runtime, "We shall see", 4, value=9)
    comment(runtime, "Pricey, but we like it", value=10)
    lead = sign_in("lead")
    page = html.unescape(lead.get("/insights/themes").text)
    for words in ("Share of comments", "Price", "Unsorted", "Score by theme", "High score, critical theme"):
        assert words in page, words
    file = lead.get("/insights/themes?export=themes.csv").data.decode("utf-8-sig")
    first = next(csv.DictReader(io.StringIO(file)))
    assert (first["Theme"], first["Comments"]) == ("Price", "13")
    assert int(first["Base"]) >= 17
    assert float(first["Low"]) < float(first["Share"]) < float(first["High"])
    comments = lead.get("/insights/comments?export=comments.csv").data.decode("utf-8-sig")
    assert {row["Themes"] for row in csv.DictReader(io.StringIO(comments))} >= {"Price", ""}


def test_a_csm_sees_only_comments_of_their_own_accounts_counted(sign_in: SignIn, runtime: Runtime) -> None:
    comment(runtime, "Far too expensive", 12)
    page = sign_in("cem").get("/insights/themes").text
    assert "Showing responses from your own accounts only" in page
    assert ">Price</a>" not in page and "Words that stand out" not in page


@pytest.mark.parametrize("who", ["viewer", "cem"])
def test_only_those_who_manage_themes_edit_the_frame(sign_in: SignIn, who: str) -> None:
    assert sign_in(who).get(FRAME).status_code == 403


def test_a_lead_edits_the_frame_and_bad_input_is_refused_with_a_sentence(
    sign_in: SignIn, runtime: Runtime
) -> None:
    lead = sign_in("lead")
    assert "key: price" in lead.get(FRAME).text
    refused = lead.post(FRAME, data={"frame": CATS.replace("en: Cats, ", ""), "seen": 0})
    assert refused.status_code == 422
    assert "give it a name in English, Turkish and Persian" in refused.text and "Kediler" in refused.text
    assert lead.post(FRAME, data={"frame": CATS.replace("\n", "\r\n"), "seen": 0}).status_code == 303
    assert lead.post(FRAME, data={"frame": CATS + "\n", "seen": 0}).status_code == 422
    with runtime.database.reading() as session:
        (row,) = session.scalars(select(ThemeFrameVersion)).all()
        assert row.content == CATS
    answer = comment(runtime, "My cat likes it")
    assert themes(runtime, answer) == [("cats", "machine")]
    assert "key: price" in lead.get(f"{FRAME}?version=0").text


def test_a_word_from_corrections_is_added_with_one_click(sign_in: SignIn, runtime: Runtime) -> None:
    lead = sign_in("lead")
    for words in ("zorble again", "your zorble", "a zorble"):
        answer = comment(runtime, words)
        lead.post(f"/insights/themes/comments/{answer}", data={"theme": "billing"})
    page = lead.get(FRAME).text
    assert "zorble" in page and "3 of 3 tagged comments" in page
    assert lead.post(FRAME, data={"accept": "billing en zorble", "seen": 0}).status_code == 303
    assert "        - zorble\n" in html.unescape(lead.get(FRAME).text)


def test_a_follow_up_shows_the_themes_of_its_comments(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        task, answer = session.execute(
            select(FollowUp.id, AnswerRow.id)
            .join(AnswerRow, AnswerRow.response_id == FollowUp.response_id)
            .where(AnswerRow.text.is_not(None), FollowUp.state == "open")
            .order_by(FollowUp.id, AnswerRow.id)
        ).first() or (0, 0)
    assert f"/insights/themes/comments/{answer}" in sign_in("lead").get(f"/desk/{task}").text
