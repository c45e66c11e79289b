"""`python -m feedback.services.questionnaires.gallery_page` writes docs/gallery.md to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from feedback.i18n import Translator, _, language_name, translator
from feedback.services.questionnaires.gallery import DIRECTORY, LANGUAGES, STAGES, Template, templates

HEADINGS = (
    _("Template"),
    _("Title"),
    _("When to use it"),
    _("Metric"),
    _("Questions"),
    _("Minutes"),
)

INTRODUCTION = """\
# Gallery

{count} questionnaires to start from, by the stage of the customer journey. Each has English, Turkish and Persian
texts, and the linter finds nothing in it. A template is not in force, and the journey cannot name it. Only a copy can
be sent.

```
feedback questionnaires gallery                       # lists the templates
feedback questionnaires new kickoff-csat              # copies one into instance/questionnaires/kickoff-csat.yaml
feedback questionnaires new kickoff-csat start --language tr --language en
```

The copy is the template byte for byte, except for its key and the languages that you leave out. It never replaces a
file. The command then shows what to do next: change the texts, run `feedback lint`, and add a stage to the
[journey](journey.md) or create a link.

- `metric` is the key in [metrics](metrics.md). Without a metric, the answers are counted but not scored.
- Of `sus`, `umux_lite` and `seq`, the reports chart the items and compute no score. Their Turkish and Persian items
  are translations that have not been compared with a validated version.
- The minutes are the linter's estimate for the longest way through the English texts, not a measurement.
- Every template is its own series of scores, named after its key, so a copy never continues the series of another
  questionnaire.

This page is made by `python3 dev.py docs`; edit the templates, not this page.
"""


def page() -> str:
    """The page: for each language a table per stage."""
    found = templates()
    parts = [INTRODUCTION.format(count=len(found))]
    for language in LANGUAGES:
        parts += _section(found, translator("desk", language))
    return "\n".join(parts)


def _section(found: Sequence[Template], say: Translator) -> Iterator[str]:
    yield f"## {language_name(say.language)}\n"
    yield f'<div dir="{say.direction}">\n'
    for stage, group in groupby(found, key=lambda each: each.stage):
        yield f"### {say.gettext(STAGES[stage])}\n"
        yield f"| {' | '.join(map(say.gettext, HEADINGS))} |"
        yield f"| {' | '.join('---' for _each in HEADINGS)} |"
        yield from (_row(each, say) for each in group)
        yield ""
    yield "</div>\n"


def _row(template: Template, say: Translator) -> str:
    cells = (
        f"[{template.key}](../{DIRECTORY}/{template.key}.yaml)",
        template.questionnaire.title.to(say.language),
        template.use[say.language],
        f"`{template.metric}`" if template.metric else "",
        say.number(len(template.questionnaire.questions)),
        say.number(template.seconds / 60, digits=1),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(page())
