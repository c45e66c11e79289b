"""The linter's results for drafts, cached until a draft or what the installation knows changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback import lint
from feedback.lint.document.document import Document
from feedback.services.studio.drafts import StudioDraft


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A draft as the linter sees it. `document.questionnaire` and `document.journey` are None if it has faults."""

    document: Document
    result: lint.Result

    @property
    def errors(self) -> list[lint.Finding]:
        return [each for each in self.result.problems if each.severity == "error"]


class Checks:
    """Checks all drafts together, because some rules look at several texts."""

    def __init__(self) -> None:
        self._settings = lint.LintContext()
        self._texts: object = None
        self._found: Mapping[str, CheckedDraft] = {}

    def of(self, drafts: Sequence[StudioDraft], settings: lint.LintContext) -> Mapping[str, CheckedDraft]:
        """Key -> result, for all drafts. The same object `settings` stands for the same settings, as with
        `publishing.Rules`."""
        texts = tuple((each.key, each.text) for each in drafts)
        if settings is not self._settings or texts != self._texts:
            self._found = check_all(drafts, settings)
            self._settings, self._texts = settings, texts
        return self._found


def check_all(drafts: Sequence[StudioDraft], settings: lint.LintContext) -> dict[str, CheckedDraft]:
    """Key -> the linter's result for each draft; rules that look at several texts see all of these."""
    texts = [(f"{each.key}.yaml", each.text) for each in drafts]
    results = lint.check_texts(texts, settings=settings)
    return {
        each.key: CheckedDraft(lint.read(text, path), result)
        for each, (path, text), result in zip(drafts, texts, results, strict=True)
    }
