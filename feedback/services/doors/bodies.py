"""The body of a call as JSON values: JSON, the fields of a form, or XML; and who is mentioned in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, NoReturn
from urllib.parse import parse_qs
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from feedback.core.contact.recipient import PhoneNumber
from feedback.services.contact import suppression

LARGEST = 256 * 1024
"""Bytes of a body."""
DEEPEST = 40
"""Levels of a body: nothing that a person set up is deeper."""
MOST_MENTIONS = 1_000
"""Addresses of one body by which an erasure finds it, as many as it has parts."""
MOST_TRIED = 5_000
"""Texts of one body that are read as phone numbers."""
SHORTEST_NUMBER, LONGEST_NUMBER = 10**9, 10**15
"""A number of JSON between these can be a phone number; a shorter one would need a country."""
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""A NUL, or half a surrogate pair; both can be written in JSON."""
_EMAIL = re.compile(r"[^\s<>\"'(),:;\[\]\\@]{1,64}@[\w.-]{1,255}\w")
_PHONE = re.compile(r"\+?[\d\s().-]{7,24}", re.ASCII)


class UnreadableError(ValueError):
    """The body is neither JSON nor XML nor a form."""


def text_of(raw: bytes) -> str:
    """The body as it is kept: text that every database can store."""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")


def parsed(body: str) -> Any:
    """The JSON values of a kept body. Raises UnreadableError."""
    start = body.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return _xml(start)
    try:
        found = json.loads(start, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return _form(start)
    if _depth(found) > DEEPEST:
        raise UnreadableError("The body is nested too deeply.")
    return _storable(found) if _ESCAPED.search(start) else found


def mentions(body: str, region: str) -> set[str]:
    """Digests of the e-mail addresses and phone numbers in a body; numbers without a country code are of `region`.

    If there are too many, those count that are certainly addresses: of numbers, most are ids and amounts.
    """
    try:
        texts = list(_texts(parsed(body)))
    except UnreadableError:
        texts = [body]
    found: set[str] = set()
    for address in chain(_emails(texts), _phones(texts, region)):
        found.add(suppression.digest(address))
        if len(found) >= MOST_MENTIONS:
            break
    return found


def _storable(value: Any) -> Any:
    """The values with texts that every database and page can hold, as `text_of` makes them of bytes."""
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(value: Any) -> int:
    """Levels of lists and objects, without recursion."""
    deepest, rest = 0, [(value, 1)]
    while rest and deepest <= DEEPEST:
        each, level = rest.pop()
        deepest = max(deepest, level)
        inner = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        rest += [(one, level + 1) for one in inner if isinstance(one, dict | list)]
    return deepest


def _form(body: str) -> Any:
    """The fields of a form; one called `payload` holds JSON with some systems."""
    if not re.match(r"[\w.%+-]+=", body):
        raise UnreadableError("The body is neither JSON nor XML.")
    try:
        fields = parse_qs(body, keep_blank_values=True, max_num_fields=500)
    except ValueError:
        raise UnreadableError("The body has too many fields.") from None
    if set(fields) == {"payload"} and fields["payload"][0].lstrip().startswith(("{", "[")):
        return parsed(fields["payload"][0])
    return _storable({name: values[0] if len(values) == 1 else values for name, values in fields.items()})


def _xml(body: str) -> Any:
    """An object with the name of the root; DTDs and entities are refused."""
    try:
        root = ElementTree.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", body), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise UnreadableError("The body is neither JSON nor XML that can be read.") from None
    return {_name(root.tag): _value(root, 1)}


def _value(element: Element, level: int) -> Any:
    """An element as text, or as an object of its children: without namespaces, and a list where a name comes twice."""
    if level > DEEPEST:
        raise UnreadableError("The body is nested too deeply.")
    if any(_name(key) == "nil" and value == "true" for key, value in element.attrib.items()):
        return None
    children: dict[str, Any] = {}
    for child in element:
        name, value = _name(child.tag), _value(child, level + 1)
        if name not in children:
            children[name] = value
        elif isinstance(children[name], list):
            children[name].append(value)
        else:
            children[name] = [children[name], value]
    return children or (element.text or "").strip()


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _texts(value: Any) -> Iterator[str]:
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            rest += each.values()
        elif isinstance(each, list):
            rest += each
        elif isinstance(each, str):
            yield each
        elif isinstance(each, int) and SHORTEST_NUMBER <= each < LONGEST_NUMBER:
            yield str(each)


def _emails(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if "@" in text:
            yield from (found.lower() for found in _EMAIL.findall(text))


def _phones(texts: Iterable[str], region: str) -> Iterator[str]:
    """Those with a country code first, then those that are written in groups."""
    known = {text.strip() for text in texts if "@" not in text}
    likely = sorted(filter(_PHONE.fullmatch, known), key=lambda text: (text[0] != "+", text.isdigit(), text))
    for text in likely[:MOST_TRIED]:
        with suppress(ValueError):
            yield PhoneNumber.parse(text, region).e164
