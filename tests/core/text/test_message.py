import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.text.message import (
    Placeholder,
    clean,
    compose_sms,
    fill,
    fold_turkish,
    is_gsm,
    placeholders,
    segments,
    straighten,
)

# Texts made at random and counted by Twilio's own calculator (npm sms-segments-calculator).
COUNTED = json.loads((Path(__file__).parent / "data" / "segments_counted_by_twilio.json").read_text("utf-8"))
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one sign, 8 UTF-16 units


@pytest.mark.parametrize(
    ("text", "encoding", "count", "units"),
    [
        ("", "GSM-7", 1, 0),
        ("a" * 160, "GSM-7", 1, 160),
        ("a" * 161, "GSM-7", 2, 161),
        ("a" * 306, "GSM-7", 2, 306),
        ("a" * 307, "GSM-7", 3, 307),
        ("€" * 80, "GSM-7", 1, 160),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3, 306),  # the € would be cut at 153, so it moves
        ("ş" * 70, "UCS-2", 1, 70),
        ("ş" * 71, "UCS-2", 2, 71),
        ("ş" * 135, "UCS-2", 3, 135),
        ("😀" * 35, "UCS-2", 1, 70),
        ("ş" * 66 + "😀" + "ş" * 66, "UCS-2", 3, 134),  # nor is a surrogate pair cut at 67
        ("ş" * 65 + FAMILY, "UCS-2", 2, 73),
        ("Acme: Bizi 0-10 puanlayın: https://s.acme.com/Ab3dE5gH7jK9", "UCS-2", 1, 58),
        ("Çok güzel, ÖÜ, öü", "GSM-7", 1, 17),
        ("از ۰ تا ۱۰ چند می‌دهید؟", "UCS-2", 1, 23),
    ],
)
def test_parts_are_counted_as_billed(text, encoding, count, units):
    found = segments(text)
    assert (found.encoding, found.count, found.units) == (encoding, count, units)


def test_counting_agrees_with_the_providers_own_calculator():
    for text, encoding, count, units in COUNTED["cases"]:
        found = segments(text)
        assert (found.encoding, found.count, found.units) == (encoding, count, units), ascii(text)


def test_the_cheap_alphabet_is_the_providers():
    ours = {chr(code) for code in range(0x10000) if is_gsm(chr(code))}
    assert ours == set(COUNTED["gsm_characters"])


@given(st.text(max_size=400))
def test_parts_are_never_fewer_than_the_room_needs_nor_wildly_more(text):
    found = segments(text)
    assert -(-found.units // found.per_part) <= found.count <= 1 + found.units


@given(st.text(max_size=200), st.text(max_size=50))
def test_a_longer_text_never_costs_less(text, more):
    assert segments(text + more).count >= segments(text).count


@pytest.mark.parametrize(
    ("text", "character", "position", "replacement", "changes_spelling"),
    [
        ("How’s it going – fine", "’", 3, "'", False),
        ("wait…", "…", 4, "...", False),
        ("10\u00a0days", "\u00a0", 2, " ", False),
        ("Teşekkürler", "ş", 2, "s", True),
        ("çok", "ç", 0, "c", True),
        ("well done 👍", "👍", 10, None, True),
        ("سلام", "س", 0, None, True),
    ],
)
def test_the_first_costly_character_is_named_with_its_cure(
    text, character, position, replacement, changes_spelling
):
    costly = segments(text).first_costly
    assert costly is not None
    assert (costly.text, costly.position) == (character, position)
    assert (costly.replacement, costly.changes_spelling) == (replacement, changes_spelling)


def test_a_cheap_text_has_no_costly_character():
    assert segments("Plain {text} with 5 € and ~").first_costly is None


def test_a_turkish_letter_doubles_the_price_and_folding_halves_it():
    text = "Bizi 0-10 arasında puanlar mısınız? Görüşünüz bizim için değerli. " * 2
    assert segments(text).count == 2
    assert segments(fold_turkish(text)).count == 1


@pytest.mark.parametrize(
    ("text", "straight"),
    [
        ("“Don’t”", '"Don\'t"'),
        ("a – b — c", "a - b - c"),
        ("wait…", "wait..."),
        ("1\u202f000\u00a0€", "1 000 €"),
        ("in\u00advisi\u200bble", "invisible"),
        ("çğış", "çğış"),  # letters are not typography
        ("می‌شود", "می‌شود"),  # the joiner is part of the word
    ],
)
def test_typography_is_straightened_and_letters_are_left(text, straight):
    assert straighten(text) == straight


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Hi {first_name}!", {"first_name": "Ann"}, "Hi Ann!"),
        ("Hi {first_name|there}!", {}, "Hi there!"),
        ("Hi {first_name|there}!", {"first_name": None}, "Hi there!"),
        ("Hi {first_name|there}!", {"first_name": "  \n"}, "Hi there!"),
        ("Hi{first_name|}!", {}, "Hi!"),
        ("Hi { first_name | dear friend}!", {}, "Hi  dear friend!"),
        (r"\{not me\} {n}", {"n": 3}, "{not me} 3"),
        (r"{a|\{x\}}", {}, "{x}"),
        ("{a}{b}", {"a": "{b}", "b": r"\{"}, r"{b}\{"),
        ("{ad|değerli müşterimiz}", {"ad": "Ayşe"}, "Ayşe"),
        ("no placeholder, c:\\dir", {}, "no placeholder, c:\\dir"),
    ],
)
def test_a_template_is_filled_once(template, values, text):
    assert fill(template, values) == text


def test_a_missing_value_without_fallback_is_named():
    with pytest.raises(ValueError, match=r"no value for \{company\}"):
        fill("From {company}", {"name": "x"})


@pytest.mark.parametrize("template", ["Hi {", "Hi }", "{first name}", "{1st}", "{{a}}", "{a|{b}}", "{}"])
def test_a_brace_without_a_partner_is_refused_with_its_place(template):
    with pytest.raises(ValueError, match=r"position \d+"):
        placeholders(template)


def test_placeholders_are_found_with_their_place():
    template = r"\{x\} {first_name|there}, {link}"
    found = placeholders(template)
    assert found == [Placeholder("first_name", "there", 6, 24), Placeholder("link", None, 26, 32)]
    assert [template[one.start : one.end] for one in found] == ["{first_name|there}", "{link}"]


@given(st.dictionaries(st.sampled_from(["a", "b", "link"]), st.text(max_size=90)))
def test_values_are_never_expanded_and_never_break_the_line(values):
    text = fill("<{a|-}|{b|-}|{link|-}>", values)
    assert len(text.splitlines()) == 1
    for name in ("a", "b", "link"):
        assert (clean(values.get(name)) or "-") in text


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("Ann\r\nBcc: all", "Ann Bcc: all"),
        ("  Ann \t Lee ", "Ann Lee"),
        ("\u202eevil\u202c", "evil"),
        ("a\x00b\x1b[31m", "a b [31m"),
        ("می‌خواهم", "می‌خواهم"),
        (None, ""),
        (9, "9"),
        ("x" * 80, "x" * 60),
        ("x" * 59 + FAMILY, "x" * 59),
    ],
)
def test_a_value_is_one_clean_line_of_limited_length(value, cleaned):
    assert clean(value) == cleaned


@given(st.text(), st.integers(min_value=1, max_value=30))
def test_cleaning_is_final_and_keeps_the_limit(text, limit):
    once = clean(text, limit)
    assert len(once) <= limit
    assert clean(once, limit) == once


def test_the_link_is_never_shortened_and_a_customer_cannot_replace_it():
    link = "https://s.example.com/" + "A" * 70
    sms = compose_sms("{name}: {link}", {"name": "{link}", "link": "https://evil.example"}, link=link)
    assert sms.text == "{link}: " + link


def test_a_text_is_straightened_only_where_that_saves_money():
    assert compose_sms("It’s «easy»", {}).text == 'It\'s "easy"'
    assert compose_sms("سلام «علی»", {}).text == "سلام «علی»"


def test_turkish_is_folded_only_on_request():
    template = "{ad}, bizi puanlar mısınız?"
    assert compose_sms(template, {"ad": "Ayşe"}).segments.encoding == "UCS-2"
    folded = compose_sms(template, {"ad": "Ayşe"}, fold=True)
    assert (folded.text, folded.segments.encoding) == ("Ayse, bizi puanlar misiniz?", "GSM-7")


def test_the_opt_out_line_is_counted_too():
    sms = compose_sms("x" * 150, {}, opt_out="Reply STOP to opt out")
    assert sms.text.endswith("\nReply STOP to opt out")
    assert sms.segments.count == 2


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("Hello {name|},", "Hello,"),
        ("سلام {name|}،", "سلام،"),
        ("Bonjour {name|} !", "Bonjour !"),
        ("Hello {name|}", "Hello"),
        ("{name|} asks", " asks"),
    ],
)
def test_an_empty_fallback_leaves_no_gap(template: str, filled: str) -> None:
    assert fill(template, {}) == filled
    assert fill("Hello {name|},", {"name": "Sam"}) == "Hello Sam,"
