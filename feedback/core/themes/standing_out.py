"""Words that one group of comments uses more often than another, without those that differ by chance.

Sources
    Monroe, Colaresi, Quinn (2008), Fightin' words, Political Analysis 16: log-odds ratio with an informative Dirichlet
        prior, equations 15, 16, 19 and 22. The prior is the frequency in both groups together.
    Benjamini, Hochberg (1995), Controlling the false discovery rate, JRSS B 57.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from feedback.core.metrics.intervals import two_sided_p
from feedback.core.themes.written_words import LANGUAGES, lists_of, parts_of

PRIOR_WORDS = 50.0
"""The weight of the prior, in words: the more, the more a word has to be used before it stands out."""
LEAST_COMMENTS = 3
"""Comments, of both groups together, in which a word has to be."""
FALSE_DISCOVERIES = 0.05
SHORTEST, LONGEST = 2, 40
_TURKISH_STEM = 5
"""The first five letters of a Turkish word are as good as a stemmer (Can et al. 2008, JASIST 59)."""
_ENGLISH_ENDINGS = ("ing", "ed", "es", "s")
_PERSIAN_ENDINGS = ("هایی", "هایم", "های", "ها", "ترین", "تر")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written most often. `n_a` and `n_b` are the comments of the two groups that use it; `z` is
    positive if it belongs to the first group."""

    word: str
    stem: str
    n_a: int
    n_b: int
    z: float
    p_value: float


def words_used(text: str, language: str) -> dict[str, str]:
    """Stem -> the word, for each word of a comment that has a meaning of its own; each once."""
    base = language.partition("-")[0]
    lists = lists_of(base if base in LANGUAGES else "en")
    found: dict[str, str] = {}
    for part in parts_of(text, frozenset()):
        for word in part:
            if SHORTEST <= len(word) <= LONGEST and word not in lists.stop and not word.isdigit():
                found.setdefault(_stem(word, base), word)
    return found


def standing_out(a: Iterable[Mapping[str, str]], b: Iterable[Mapping[str, str]]) -> list[Word]:
    """The words that stand out in either group of comments, the most certain first; empty if there is none.

    A comment is its `words_used`. Each word counts once a comment.
    """
    written: dict[str, Counter[str]] = {}
    counts_a, counts_b = (_counted(each, written) for each in (a, b))
    n_a, n_b = sum(counts_a.values()), sum(counts_b.values())
    if not n_a or not n_b:
        return []
    tested = []
    for stem in sorted(counts_a.keys() | counts_b.keys()):
        y_a, y_b = counts_a[stem], counts_b[stem]
        if y_a + y_b < LEAST_COMMENTS:
            continue
        prior = PRIOR_WORDS * (y_a + y_b) / (n_a + n_b)
        odds_a, odds_b = (
            log((y + prior) / (n + PRIOR_WORDS - y - prior)) for y, n in ((y_a, n_a), (y_b, n_b))
        )
        z = (odds_a - odds_b) / sqrt(1 / (y_a + prior) + 1 / (y_b + prior))
        shown = written[stem].most_common(1)[0][0]
        tested.append(Word(shown, stem, y_a, y_b, z, two_sided_p(z)))
    return discoveries(tested)


def discoveries(tested: Sequence[Word], rate: float = FALSE_DISCOVERIES) -> list[Word]:
    """Those that may be called different if at most this share of them is to be so by chance (Benjamini-Hochberg)."""
    ordered = sorted(tested, key=lambda each: (each.p_value, each.stem))
    last = max(
        (place for place, each in enumerate(ordered, 1) if each.p_value <= rate * place / len(ordered)),
        default=0,
    )
    return ordered[:last]


def _counted(comments: Iterable[Mapping[str, str]], written: dict[str, Counter[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in comments:
        found.update(each.keys())
        for stem, word in each.items():
            written.setdefault(stem, Counter())[word] += 1
    return found


def _stem(word: str, language: str) -> str:
    """A word without its ending, so that its forms count together."""
    if language == "tr":
        return word[:_TURKISH_STEM]
    endings = _PERSIAN_ENDINGS if language == "fa" else _ENGLISH_ENDINGS
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST + 1 and not word.endswith("ss"):
            return word[: -len(ending)]
    return word
