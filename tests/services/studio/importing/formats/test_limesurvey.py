"""LimeSurvey files of both generations."""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types


def table(name: str, *rows: dict[str, object]) -> str:
    inner = "".join(
        "<row>" + "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in row.items()) + "</row>" for row in rows
    )
    return f"<{name}><rows>{inner}</rows></{name}>"


def question(qid: int, kind: str, title: str, **more: object) -> dict[str, object]:
    return {
        "qid": qid,
        "parent_qid": 0,
        "sid": 9,
        "gid": 1,
        "type": kind,
        "title": title,
        "question_order": qid,
        **more,
    }


def words(qid: int, **texts: str) -> list[dict[str, object]]:
    return [{"qid": qid, "question": text, "language": language} for language, text in texts.items()]


NEW = "".join([
    '<?xml version="1.0" encoding="UTF-8"?><document><LimeSurveyDocType>Survey</LimeSurveyDocType>',
    "<languages><language>en</language><language>tr</language></languages>",
    table("surveys_languagesettings", {"surveyls_language": "en", "surveyls_title": "Visit", "surveyls_endtext": "Bye",
                                       "surveyls_welcometext": "Hello there"}),
    table("groups", {"gid": 1, "group_order": 1, "grelevance": ""}),
    table("questions", question(1, "L", "Q1", mandatory="Y", other="Y"),
          question(2, "M", "Q2", relevance='((Q1.NAOK == "A2"))'),
          question(3, "T", "Q3", relevance='((Q2_SQ001.NAOK == "Y"))'),
          question(4, "F", "Q4", relevance='((rand(1, 2) == "1"))'), question(5, "|", "Q5"), question(6, "X", "Q6")),
    table("subquestions", {"qid": 21, "parent_qid": 2, "title": "SQ001", "question_order": 1},
          {"qid": 22, "parent_qid": 2, "title": "SQ002", "question_order": 2},
          {"qid": 41, "parent_qid": 4, "title": "R1", "question_order": 1}),
    table("question_l10ns", *words(1, en="<p>Buy <img src='x'/>?</p>", tr="Alır mısınız?"), *words(2, en="Which?"),
          *words(3, en="{Q1.shown}, why?"), *words(4, en="Rate"), *words(5, en="Rank"), *words(6, en="Only text"),
          *words(21, en="Mail"), *words(22, en="Nothing"), *words(41, en="Staff")),
    table("answers", {"aid": 1, "qid": 1, "code": "A1", "sortorder": 1},
          {"aid": 2, "qid": 1, "code": "A2", "sortorder": 2},
          {"aid": 3, "qid": 4, "code": "1", "sortorder": 1}, {"aid": 4, "qid": 4, "code": "2", "sortorder": 2}),
    table("answer_l10ns", {"aid": 1, "answer": "Yes", "language": "en"}, {"aid": 2, "answer": "No", "language": "en"},
          {"aid": 3, "answer": "Bad", "language": "en"}, {"aid": 4, "answer": "Good", "language": "en"}),
    table("question_attributes", {"qid": 2, "attribute": "exclude_all_others", "value": "SQ002"},
          {"qid": 2, "attribute": "array_filter", "value": "Q9"}),
    "</document>",
])  # fmt: skip

OLD = "".join([
    "<document><LimeSurveyDocType>Question</LimeSurveyDocType><languages><language>en</language></languages>",
    table("questions", question(1, "Y", "OK", question="Fine?", language="en"),
          question(1, "Y", "OK", question="İyi mi?", language="tr"),
          question(2, "S", "WHY", question="Why?", language="en"),
          question(3, "5", "MARK", question="Mark?", language="en")),
    table("conditions", {"qid": 2, "cqid": 1, "cfieldname": "9X1X1", "method": "==", "value": "N"}),
    "</document>",
])  # fmt: skip


def test_a_survey_of_the_new_generation_comes_with_relevance_and_languages() -> None:
    draft = imported(NEW, "visit.lss")
    made = questionnaire(draft)
    assert types(draft) == {
        "welcome": "note",
        "q1": "single",
        "q2": "multi",
        "q3": "text",
        "q4": "matrix",
        "q6": "note",
    }
    assert shown_if(draft) == {"q2": {"question": "q1", "is": ("a2",)},
                               "q3": {"question": "q2", "is": ("sq001",)}}  # fmt: skip
    assert made.by_key["q1"].text.to("tr") == "Alır mısınız?"
    assert [each.role for each in made.by_key["q1"].options] == [None, None, "other"]  # type: ignore[union-attr]
    assert [each.exclusive for each in made.by_key["q2"].options] == [False, True]  # type: ignore[union-attr]
    assert made.by_key["q3"].text.to("en") == "{answer.q1|…}, why?"
    assert made.thanks[0].text.to("en") == "Bye"
    for said in ("rand(1, 2)", "file upload", "array_filter", "picture"):
        assert said in lost(draft)


def test_a_file_of_the_old_generation_has_texts_and_conditions_in_its_rows() -> None:
    draft = imported(OLD, "x.lsq")
    assert types(draft) == {"ok": "single", "why": "text", "mark": "rating"}
    assert shown_if(draft) == {"why": {"question": "ok", "is": ("no",)}}
    assert questionnaire(draft).by_key["ok"].text.to("tr") == "İyi mi?"
