"""What a click inserts into the texts of the form."""

from __future__ import annotations

import re
from html import unescape

from tests.web.studio.conftest import Enter


def insertions(page: str, part: str) -> list[str]:
    section = page.partition(f'id="{part}"')[2].partition("</section>")[0]
    return [unescape(each) for each in re.findall(r'data-insert="([^"]+)"', section)]


def test_the_customers_data_can_be_put_into_messages_and_last_pages(enter: Enter) -> None:
    page = enter("lead").get("/studio/relationship-nps/edit").text
    customer = ["{first_name|there}", "{account|your account}", "{company}"]
    assert insertions(page, "messages") == [*customer, "{link}", "{opt_out}"]
    assert insertions(page, "thanks")[:4] == [*customer, "{answer.score}"]
    assert 'data-insert-tr="{first_name|değerli müşterimiz}"' in page
    assert "data-insert-de" not in page


def test_who_may_only_read_is_offered_nothing_to_insert(enter: Enter) -> None:
    assert "data-insert=" not in enter("viewer").get("/studio/relationship-nps/edit").text
