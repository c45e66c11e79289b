"""A publication says in words whom the journey asks, without YAML."""

from __future__ import annotations

import re

from feedback import clock, library, resources
from feedback.bootstrap import Runtime
from feedback.services.questionnaires.layers import JOURNEY
from feedback.services.studio import drafts
from feedback.services.studio.stages import editing
from tests.web.studio.conftest import Enter


def test_the_stages_that_change_are_said_in_words_before_the_journey_is_published(
    office: Runtime, enter: Enter
) -> None:
    text = (resources.shipped("questionnaires") / "journey.yaml").read_text(encoding="utf-8")
    stage = library.load(resources.directories("questionnaires")).journey.stages[0]
    segment, country = {"account": "segment", "is": ["vip", "core"]}, {"contact": "country", "is": "TR"}
    small = {"not": {"account": "recurring_revenue", "at_least": 100}}
    only_if = {"all": [segment, {"any": [country, small]}, {"contact": "email", "known": True}]}
    changed = editing.change(text, stage.key, {"only_if": only_if, "priority": 7})
    with office.database.writing() as session:
        drafts.save(session, JOURNEY, changed, base=0, by=1, now=clock.now())
    page = enter("lead").get("/studio/journey/publish").text
    table = page.partition('class="changed-texts"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr>.*?</tr>", table, re.S)[1:]
    said = [[" ".join(re.sub("<.*?>", " ", each).split()) for each in row.split("<td>")] for row in rows]
    title = stage.title.to("en")
    assert said == [
        [
            f"{title} · Ask only if",
            "–",
            "Segment is one of vip, core and (Country is one of TR or not: MRR is at least 100) and E-mail is known",
        ],
        [f"{title} · Priority", str(stage.priority), "7"],
    ]


def test_the_publication_of_a_survey_says_who_is_asked_and_leads_to_the_form_of_the_stage(
    office: Runtime, enter: Enter
) -> None:
    stage = library.load(resources.directories("questionnaires")).journey.stages[0]
    text = (resources.shipped("questionnaires") / f"{stage.questionnaire}.yaml").read_text(encoding="utf-8")
    with office.database.writing() as session:
        drafts.save(session, stage.questionnaire, text + "# changed\n", base=0, by=1, now=clock.now())
    page = enter("lead").get(f"/studio/{stage.questionnaire}/publish").text
    asked = page.partition('id="asked"')[2].partition("</section>")[0]
    assert stage.title.to("en") in asked
    assert f'href="/studio/journey/edit?stage={stage.key}#{stage.key}"' in asked
