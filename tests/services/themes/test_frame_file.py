"""A frame as YAML."""

from __future__ import annotations

import pytest

from feedback.services.themes import frame_file
from feedback.services.themes.frame_file import FrameRefused, parse

ONE = """
themes:
  - key: price
    name: {en: Price, tr: Fiyat, fa: قیمت}
    words:
      en: [expensive]
"""


def test_the_shipped_frame_is_read_and_has_names_and_words_in_every_language() -> None:
    frame = frame_file.shipped()
    assert 12 <= len(frame.themes) <= 16
    for theme in frame.themes:
        for language in ("en", "tr", "fa"):
            assert theme.name[language] and theme.description[language] and theme.words[language]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("themes: [", "Line 1: "),
        ("a: b", "Write a list of themes below the word themes."),
        ("- a", "Line 1: "),
        ("themes: []", "Write a list of themes below the word themes."),
        ("themes: [3]", "Theme number 1 needs a key, a name and words."),
        (
            ONE.replace("key: price", "key: Price list"),
            "Theme number 1 needs a key of small letters, digits and _, such as price. It begins with a letter.",
        ),
        (ONE.replace(", fa: قیمت", ""), "Theme price: give it a name in English, Turkish and Persian."),
        (
            ONE.replace("words", "wrods"),
            "Theme price: there is no field wrods. Remove it, or correct its spelling.",
        ),
        (ONE.replace("en: [expensive]", "de: [teuer]"), "Theme price: below words, write en, tr or fa."),
        (
            ONE.replace("[expensive]", "expensive"),
            "Theme price: below words and en, write a list of lines that begin with a dash.",
        ),
        (
            ONE.replace("[expensive]", "['a|']"),
            "Theme price: the line “a|” has an empty phrase, or a star with fewer than two letters before it.",
        ),
        (ONE + "    alone: maybe\n", "Theme price: alone is true or false."),
        (ONE + ONE.partition("themes:\n")[2], "Two themes have the key price. Give one of them another key."),
        (
            "themes: " + "[" * 2_000,
            "Line 1: The file is nested too deeply.",
        ),
        ("x" * 200_001, "The text has more than 200000 characters."),
    ],
)
def test_a_mistake_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(FrameRefused) as refused:
        parse(text)
    (told,) = refused.value.sentences
    assert told == sentence or (sentence == "Line 1: " and told.startswith(sentence))
