"""The configuration of nginx and Caddy in docs/deploy, in the real programs in front of a real server."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.deploy.installed_server import DEPLOY, PASSWORD, Site, free_port, own_address, program, running
from tests.providers.certificates import certificate_for

NGINX_AROUND = """\
daemon off;
master_process off;
pid {place}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    include {place}/feedback.conf;
}}
"""
"""What /etc/nginx/nginx.conf does on Debian, in a directory of its own."""


@contextmanager
def nginx(place: Path, port: int, backend: int, certificate: Path) -> Iterator[None]:
    written = (DEPLOY / "nginx.conf").read_text()
    for ours, here in {
        "listen 443 ssl http2": f"listen {port} ssl http2",
        "listen 80": f"listen 127.0.0.1:{free_port()}",
        "127.0.0.1:8080": f"127.0.0.1:{backend}",
        "/etc/letsencrypt/live/s.example.com/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/s.example.com/privkey.pem": str(certificate),
    }.items():
        assert ours in written, ours
        written = written.replace(ours, here)
    written = re.sub(r"^ *listen \[::\].*\n", "", written, flags=re.MULTILINE)
    (place / "feedback.conf").write_text(written)
    (place / "nginx.conf").write_text(NGINX_AROUND.format(place=place))
    command = [program("nginx"), "-e", "stderr", "-p", str(place), "-c", str(place / "nginx.conf")]
    with running(command, os.environ, "using the"):
        wait_for(port)
        yield


@contextmanager
def caddy(place: Path, port: int, backend: int, certificate: Path) -> Iterator[None]:
    written = (DEPLOY / "Caddyfile").read_text()
    here = f"https://localhost:{port}, https://{own_address()}:{port} {{\n\ttls {certificate} {certificate}\n"
    for ours, other in {
        "s.example.com {\n": here,
        "127.0.0.1:8080": f"127.0.0.1:{backend}",
        "{\n\tservers {": "{\n\tadmin off\n\tauto_https off\n\tservers {",
    }.items():
        assert ours in written, ours
        written = written.replace(ours, other)
    (place / "Caddyfile").write_text(written)
    environ = {**os.environ, "HOME": str(place), "XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}
    command = [program("caddy"), "run", "--config", str(place / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, environ, "serving initial configuration"):
        wait_for(port)
        yield


def wait_for(port: int) -> None:
    """The port is opened before the line that is waited for, or right after it."""
    for _ in range(1_000):
        with socket.socket() as tried:
            tried.settimeout(0.05)
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError(f"nobody listens on {port}")


SURVEY = "relationship-nps"
PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server, in front of which one proxy is started after the other."""
    place = tmp_path_factory.mktemp("server")
    port, backend = free_port(), free_port()
    url = f"https://localhost:{port}"
    environ = {
        "FEEDBACK_INSTANCE": str(place / "instance"),
        "FEEDBACK_WEB_PORT": str(backend),
        "FEEDBACK_PROVIDERS_ENABLED": "simulator_sms,simulator_email",
    }
    certificate = certificate_for("localhost", place)
    site = Site(place / "instance", environ, url, port, backend, certificate)
    site.feedback("init", "--name", "Acme", "--public-url", url)
    for who in ("ada", "ben"):
        site.feedback("user", "add", f"{who}@example.com", "--role", "admin", "--password", PASSWORD)
    command = [sys.executable, "-m", "feedback.cli", "run", "--no-worker"]
    with running(command, {**os.environ, **environ}, "Listening on"):
        yield site


@pytest.fixture(scope="module", params=PROXIES)
def site(
    request: pytest.FixtureRequest, server: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    place = tmp_path_factory.mktemp(request.param)
    connection = sqlite3.connect(server.instance / "feedback.db")
    connection.execute("DELETE FROM attempt_count")  # of the stranger who came through the other one
    connection.commit()
    connection.close()
    with PROXIES[request.param](place, server.port, server.backend, server.certificate):
        yield server


def sign_in(site: Site, who: str, address: str, **headers: str) -> str:
    """The text of the page after signing in from this address."""
    visitor = site.visitor(address)
    page = visitor.get(f"{site.url}/login", headers=headers)
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    assert page.status_code == 200 and token, page.text
    form = {"csrf_token": token[1], "email": f"{who}@example.com", "password": PASSWORD}
    done = visitor.post(f"{site.url}/login", data=form, headers={"Referer": f"{site.url}/login", **headers})
    assert done.status_code == 200, done.text
    assert done.url.startswith(site.url)
    assert all(cookie.secure for cookie in visitor.cookies)
    return done.text


def networks(site: Site) -> list[str]:
    connection = sqlite3.connect(site.instance / "feedback.db")
    found = connection.execute("SELECT network FROM staff_session ORDER BY id").fetchall()
    connection.close()
    return [network for (network,) in found]


def test_staff_sign_in_and_are_known_by_their_own_address(site: Site) -> None:
    """Also if they claim to have another one."""
    before = networks(site)
    sign_in(site, "ada", own_address())
    sign_in(site, "ben", own_address(), **{"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    assert networks(site)[len(before) :] == [own_address()] * 2


def survey_link(site: Site) -> str:
    found = re.search(
        r"https://\S+",
        site.feedback("link", "--kind", "poster", "--questionnaire", SURVEY, "--name", "Lobby"),
    )
    assert found
    return found[0]


def test_a_customer_answers_a_survey(site: Site) -> None:
    link = survey_link(site)
    assert link.startswith(site.url)
    customer = site.visitor("127.0.0.1")
    page = customer.get(link)
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"]
    assert customer.get(f"{site.url}/static/../../etc/passwd").status_code == 404


def test_slow_phones_hold_up_nobody(site: Site) -> None:
    """Forty connections bring one byte of a body and then nothing; the program has sixteen threads."""
    trust = ssl.create_default_context(cafile=str(site.certificate))
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\na"
    with ExitStack() as stack:
        for _ in range(40):
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", site.port)))
            slow = stack.enter_context(trust.wrap_socket(plain, server_hostname="localhost"))
            slow.sendall(head)
        assert site.visitor().get(f"{site.url}/healthz", timeout=5).text.startswith("ok")


def test_what_is_too_large_is_refused(site: Site) -> None:
    answer = site.visitor().post(f"{site.url}/login", data=b"x" * 100_000)
    assert answer.status_code == 413


def test_the_file_s_settings_are_those_that_init_writes(site: Site) -> None:
    assert 'trusted_proxy = "127.0.0.1"' in (site.instance / "feedback.toml").read_text()


def test_a_stranger_who_guesses_locks_out_only_their_own_address(site: Site) -> None:
    stranger = site.visitor(own_address())
    codes = []
    for number in range(60):
        page = stranger.get(f"{site.url}/login").text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        if not token:
            break
        form = {
            "csrf_token": token[1],
            "email": f"guess{number}@example.com",
            "password": "wrong wrong wrong",
        }
        headers = {"Referer": f"{site.url}/login", "X-Forwarded-For": f"198.51.100.{number}"}
        codes.append(stranger.post(f"{site.url}/login", data=form, headers=headers).status_code)
        if codes[-1] == 429:
            break
    assert codes[-1] == 429, codes
    assert sign_in(site, "ada", "127.0.0.1")
