"""The texts for replies by SMS."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.i18n import _

MEANINGS: Mapping[str, str] = {
    "score": _("score"),
    "answer": _("answer"),
    "comment": _("comment"),
    "stop": _("opt-out"),
    "maybe_stop": _("possible opt-out"),
    "start": _("opt-in request"),
    "help": _("help request"),
    "late": _("sent after the survey ended"),
    "unclear": _("not understood"),
    "unknown_sender": _("unknown sender"),
    "automatic": _("automatic message"),
    "attachment": _("picture or attachment"),
    "to_follow_up": _("reply in a follow-up"),
}
