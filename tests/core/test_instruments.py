"""The registry of validated instruments."""

from __future__ import annotations

import pytest

from feedback.core.instruments import Instrument, instruments
from feedback.core.metrics import METRICS

EVERY = pytest.mark.parametrize("instrument", instruments().values(), ids=instruments().keys())


@EVERY
def test_an_instrument_scores_by_a_metric_of_the_same_scale(instrument: Instrument) -> None:
    assert instrument.minimum < instrument.maximum
    if instrument.metric and not instrument.items:
        metric = METRICS[instrument.metric]
        assert (metric.minimum, metric.maximum) == (instrument.minimum, instrument.maximum)
        assert metric.high_is_bad is instrument.high_is_bad


@EVERY
def test_labels_stand_on_points_of_the_scale(instrument: Instrument) -> None:
    for language, labels in instrument.labels.items():
        assert set(labels) <= set(range(instrument.minimum, instrument.maximum + 1)), language
        assert all(labels.values()), language


@EVERY
def test_an_instrument_names_its_source(instrument: Instrument) -> None:
    assert instrument.title
    assert instrument.source


def test_labels_without_a_translation_are_english() -> None:
    nps = instruments()["nps"]
    assert nps.labels_in("xx") == nps.labels_in("en")
    assert nps.labels_in("tr") != nps.labels_in("en")


def test_an_instrument_of_several_items_knows_the_wordings_of_each() -> None:
    sus = instruments()["sus"]
    first, whole = sus.stems_of("en", 1), sus.stems_of("en")
    assert first
    assert set(first) < set(whole)
    assert sus.stems_of("en", 0) == sus.stems_of("en", 11) == sus.stems_of("xx") == ()
