"""The answer of a person is told from the copy of our mail below it, whatever program wrote it."""

from __future__ import annotations

import time

import pytest

from feedback.providers.mail_replies import read, without_copy
from tests.measuring import too_long

OURS = "Hello Deniz,\n\nwhen may I call you?\n\nOwner"


def mail(body: str, kind: str = "text/plain", **headers: str) -> bytes:
    top = {
        "From": "Deniz <C1@Example.com>",
        "To": "bounce+b7.0123456789abcdef@acme.example",
        "Message-ID": "<abc@mail.example>",
        "Content-Type": f"{kind}; charset=utf-8",
        **headers,
    }
    return "\n".join([*(f"{name}: {value}" for name, value in top.items()), "", body]).encode()


@pytest.mark.parametrize(
    "text",
    [
        "Tomorrow at noon\n\nOn Mon, 2 Mar 2026 at 12:00, Owner <o@x> wrote:\n> Hello Deniz,\n>\n> when may I",
        "Tomorrow at noon\n\n-----Ursprüngliche Nachricht-----\nVon: Owner\nHello Deniz,",
        "Tomorrow at noon\n\n________________________________\nFrom: Owner\nSent: Monday\n\nHello Deniz,\n\nwhen may",
        "Tomorrow at noon\n\nFrom: Owner\nTo:\nHello Deniz,\nwhen may I call you?",
        "Tomorrow at noon",
        "\n\nTomorrow at noon\n\n2 Mart 2026 Pzt, 12:00 tarihinde Owner şunu yazdı:\n\n> Hello Deniz,\n",
    ],
)
def test_the_copy_of_our_mail_is_left_out(text: str) -> None:
    assert without_copy(text, OURS).splitlines()[0] == "Tomorrow at noon"
    assert "when may" not in without_copy(text, OURS)
    assert "Hello Deniz" not in without_copy(text, OURS)


def test_words_between_quoted_lines_are_kept() -> None:
    text = "> when may I call you?\nAt noon.\n> Or by mail?\nNo."
    assert without_copy(text, OURS) == text


def test_an_answer_has_a_sender_its_own_id_and_the_address_it_came_to() -> None:
    found = read(mail("Tomorrow"))
    assert found is not None
    assert (found.sender, found.message_id, found.text.strip()) == (
        "c1@example.com",
        "<abc@mail.example>",
        "Tomorrow",
    )
    assert found.addressed_to == ("bounce+b7.0123456789abcdef@acme.example",)
    assert not found.is_automatic


def test_a_mail_of_html_alone_is_read_as_its_words() -> None:
    html = (
        "<html><head><style>p {color: red}</style></head><body><p>Tomorrow &amp; not today</p><div>Deniz</div>"
        "<blockquote><p>Hello Deniz</p></blockquote></body></html>"
    )
    found = read(mail(html, "text/html"))
    assert found is not None
    assert found.text == "Tomorrow & not today\nDeniz"


@pytest.mark.parametrize("header", [{"Auto-Submitted": "auto-replied"}, {"X-Autoreply": "yes"}])
def test_a_holiday_notice_is_no_person(header: dict[str, str]) -> None:
    found = read(mail("I am away", **header))
    assert found is not None
    assert found.is_automatic


def test_a_mail_without_an_id_is_known_by_its_content_and_one_without_a_sender_is_none() -> None:
    found = read(mail("Hello", **{"Message-ID": "no id"}))
    assert found is not None
    assert found.message_id.startswith("sha256:")
    assert read(mail("Hello", From="")) is None
    assert read(b"\x00" * 10) is None


def test_attachments_are_named() -> None:
    parts = (
        "--x\nContent-Type: text/plain\n\nSee the file\n--x\nContent-Type: application/pdf\n"
        'Content-Disposition: attachment; filename="bill.pdf"\n\nabc\n--x--\n'
    )
    found = read(mail(parts, 'multipart/mixed; boundary="x"'))
    assert found is not None
    assert (found.text.strip(), found.attachments) == ("See the file", ("bill.pdf",))


@pytest.mark.parametrize("unit", ["<style ", "<head>", "<", "<br ", "</style><style>", "<blockquot"])
def test_no_made_up_mail_takes_long(unit: str) -> None:
    lines = (unit * 120 + "\n") * (200_000 // (120 * len(unit)))
    before = time.thread_time()
    read(mail(lines, "text/html"))
    assert not too_long(time.thread_time() - before, 0.5)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<head><title>x</title><style>p{}</style></head><p>Yes</p>", "Yes"),
        ("<head><p>Yes</p><blockquote>ours</blockquote>", "Yes"),
        (
            "<STYLE>p{}</STYLE>Yes <script>if (a < b) {}</script>and no<blockquote type=cite>ours",
            "Yes and no",
        ),
        ("Yes</style> <style>p{}", "Yes p{}"),
    ],
)
def test_what_a_reader_does_not_see_is_no_answer(html: str, words: str) -> None:
    found = read(mail(html, "text/html"))
    assert found is not None
    assert found.text == words
