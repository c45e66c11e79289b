"""What a reply can mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Stop:
    """The customer wants no more messages.

    `certain`: opt them out. `likely`: probably an opt-out; suspend sending until a person decides. `possible`:
    a stop word in a message about something else ("I had to cancel my order"); suspend as well, and also
    process the meaning in `said`.
    """

    kind: Literal["certain", "likely", "possible"]
    said: ScoreReply | Unclear | Automatic | None = None


@dataclass(frozen=True)
class Start:
    """The customer wants messages again."""


@dataclass(frozen=True)
class Help:
    """The customer asks for help."""


@dataclass(frozen=True)
class ScoreReply:
    """A score on the invitation's scale, and the rest of the text in its original spelling.

    `bare` means only the number and words such as "sorry" or "I meant", so that it can replace an earlier score.
    """

    value: int
    comment: str = ""
    bare: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Unclear:
    """None of the above with certainty: ask once more, then keep the text as a comment.

    `fault` says what is wrong with a number that looks like an answer: `off_scale` (9 on a scale that ends at 5) or
    `several` ("8-9", "8 or 9").
    """

    text: str
    fault: Literal["off_scale", "several"] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Automatic:
    """What no person wrote: no answer, and no comment.

    A `reaction` is what a phone writes round our message (`quoted`) when somebody marks it with a symbol; a `reply`
    is an out-of-office or a driving message. A person should read it if it is `doubtful`.
    """

    kind: Literal["reaction", "reply"]
    quoted: str = ""
    doubtful: bool = field(default=False, compare=False)


Meaning = Stop | Start | Help | ScoreReply | Unclear | Automatic
