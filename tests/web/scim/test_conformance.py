"""The endpoints as a program that knows only the specification sees them."""

from __future__ import annotations

from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from feedback.web.app import create_app
from tests.web.api.conftest import key_over


def test_the_checks_of_scim2_tester_find_no_error(office: Runtime) -> None:
    key = key_over(office, None, Scope.SCIM)
    client = WSGISCIMClient(
        create_app(office), base_url="http://localhost/scim/v2", headers={"Authorization": f"Bearer {key}"}
    )
    results = check_server(client)
    bad = [each for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    assert [f"{each.title}: {each.reason}" for each in bad] == []
    assert len([each for each in results if each.status == Status.SUCCESS]) > 30
