"""What only costs money or answers is told with its price, and nobody is advised to misspell."""

from __future__ import annotations

import pytest

from feedback import lint
from feedback.lint.engine.rule import Finding

SMS = 'sms: "How was it? {link} Reply STOP to end"'
EMAIL = 'email: {subject: Your visit, body: "How was it? {link} {opt_out}"}'


def told(rule: str, count: int, *messages: str) -> list[Finding]:
    questions = "".join(
        f"  - {{key: q{number}, type: csat, purpose: P, text: How satisfied are you with part {number}?}}\n"
        for number in range(count)
    )
    sent = "messages:\n" + "".join(f"  {each}\n" for each in messages) if messages else ""
    text = f"key: t\ntitle: T\nlanguages: [en]\nquestions:\n{questions}{sent}"
    return [each for each in lint.check(text) if each.rule == rule]


@pytest.mark.parametrize(
    ("count", "messages", "severity"),
    [
        (3, (SMS,), None),
        (4, (SMS,), "info"),
        (6, (SMS,), "error"),
        (4, (SMS, EMAIL), "info"),
        (8, (SMS, EMAIL), "info"),
        (8, (EMAIL,), None),
        (12, (EMAIL,), "info"),
        (21, (EMAIL,), "error"),
        (21, (SMS, EMAIL), "error"),
    ],
)
def test_length_informs_and_blocks_only_what_nobody_answers(
    count: int, messages: tuple[str, ...], severity: str | None
) -> None:
    found = told("survey-too-long", count, *messages)
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(("there is an SMS text" in each.message) == (SMS in messages) for each in found)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "tr",
            "Görüşünüz bizim için değerli, yaşadığınız sorunu birkaç dakikada anlatır mısınız? {link} Çıkmak için RET",
        ),
        (
            "tr",
            "Şikâyetiniz çözüldü mü, kısaca yazar mısınız? Yanıtınız ekibimize ulaşır ve okunur. " * 2
            + "{link}",
        ),
        ("es", "¿Cómo fue su visita de la semana pasada a nuestra tienda del centro? ő " * 3 + "{link}"),
    ],
)
def test_a_letter_is_told_with_its_price_and_never_with_a_misspelling(language: str, text: str) -> None:
    file = (
        f"key: t\ntitle: T\nlanguages: [{language}]\nquestions:\n  - {{key: q, type: csat, text: X?}}\n"
        f'messages: {{max_segments: 1, sms: "{text}"}}\n'
    )
    (found,) = [each for each in lint.check(file) if each.rule == "sms-segments"]
    assert "Write “" not in found.rewrite
    assert "Shorten the text" in found.rewrite


def test_typography_is_still_mended() -> None:
    file = (
        "key: t\ntitle: T\nlanguages: [en]\nquestions:\n  - {key: q, type: csat, text: X?}\n"
        'messages: {sms: "How’s our service? {link} Reply STOP to end"}\n'
    )
    (found,) = [each for each in lint.check(file) if each.rule == "sms-segments"]
    assert found.rewrite.startswith("Write “'” for “’”")
