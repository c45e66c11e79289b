"""Renders the customers' pages, each as one small response without cookies and external resources."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from flask import Response, request
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from werkzeug.http import parse_accept_header

from feedback import resources
from feedback.core.branding import palette
from feedback.core.text.localized import direction
from feedback.i18n import LANGUAGES, Translator, language_name, translator
from feedback.settings import Settings
from feedback.settings.logo import logo_of
from feedback.settings.table import LARGEST_LOGO, OrganisationSettings
from feedback.web.http.application import PlainResponse
from feedback.web.survey import kiosk
from feedback.web.survey.compression import GappedPage, compressed
from feedback.web.survey.frames import Frames
from feedback.web.survey.steps import own_words


@dataclass(frozen=True)
class Site:
    """The settings that all pages share."""

    name: str
    css: Markup
    js: Markup
    logo: str
    icon: str
    privacy_url: str
    support_email: str
    support_phone: str

    def title(self, say: Translator) -> str:
        """The page title, which link previews show: only the organisation's name and "Your feedback"."""
        return f"{self.name}: {say.gettext('Your feedback')}" if self.name else say.gettext("Your feedback")


@dataclass(frozen=True)
class Notice:
    """A page that only tells something; `heading`, `words` and `advice` are texts of the catalogue.

    `retry` is an address to try again, `said` what could not be stored, `following` where the survey goes on,
    `onward` asks for a way on also where no address of the support is known.
    """

    status: int
    heading: str
    words: str
    advice: str = ""
    retry: str = ""
    said: str = ""
    onward: bool = False
    following: str = ""


class Pages:
    """Renders the templates of `survey/`; notices are framed as the link at their address is, if it is in `frames`."""

    def __init__(self, settings: Settings, frames: Frames | None = None) -> None:
        directories = resources.directories("templates", settings.instance)
        self._jinja = Environment(
            loader=_Compact(directories),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._settings = settings
        self._dress = _Dress.of(settings)
        self._frames = frames or Frames()

    @property
    def site(self) -> Site:
        return self._dressed.site

    @property
    def _dressed(self) -> _Dress:
        """Made again when the organisation's settings were changed."""
        if self._dress.organisation is not self._settings.organisation:
            self._dress = _Dress.of(self._settings)
        return self._dress

    def say(self, language: str) -> Translator:
        """The translator for `language`, or the closest available language."""
        return translator("survey", language)

    def render(
        self,
        template: str,
        language: str,
        *,
        status: int = 200,
        ancestors: str = "'none'",
        **context: Any,
    ) -> Response:
        """A page in `language`; `context` as for `draw`."""
        return self.respond(self.draw(template, language, **context), status, ancestors)

    def draw(
        self, template: str, language: str, *, languages: Mapping[str, str] | None = None, **context: Any
    ) -> str:
        """The page's HTML. `languages` maps the others on offer to their addresses."""
        say = self.say(language)
        offered = languages or {}
        return self._jinja.get_template(template).render(
            site=self.site,
            say=say,
            lang=language,
            dir=direction(language),
            language=language_name(language),
            own=own_words(say, language),
            languages=[(code, language_name(code), address) for code, address in offered.items()],
            **context,
        )

    def unknown(self) -> Response:
        """The page for an unknown link."""
        advice = "Open the link in the message again, or copy all of it."
        words = "Please check that the address is complete."
        return self.notice(Notice(404, "This link is not valid", words, advice, onward=True))

    def too_many(self) -> Response:
        """The page for a client address that exceeds a rate limit."""
        words = "Try again in a minute. There were too many requests."
        response = self.notice(Notice(429, "Please wait a moment", words))
        response.headers["Retry-After"] = "60"
        return response

    def notice(
        self, notice: Notice, language: str | None = None, *, seconds: int = kiosk.REFUSED
    ) -> Response:
        """The notice in `language` or in one that the browser asks for.

        A shared screen starts again by itself, after `seconds`: nobody who comes to it can know what the page is about.
        """
        say = self.say(language or request.accept_languages.best_match(LANGUAGES["survey"]) or "en")
        frame = self._frames.at(request.path)
        return self.render(
            "survey/notice.html",
            say.language,
            status=notice.status,
            ancestors=frame.ancestors,
            again=frame.again(seconds),
            notice=notice,
            heading=say.gettext(notice.heading),
            words=" ".join(say.gettext(each) for each in (notice.words, notice.advice) if each),
        )

    def respond(self, html: str, status: int = 200, ancestors: str = "'none'") -> Response:
        """An HTML response that must not be cached or indexed, and can only be framed by `ancestors`."""
        gzipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
        body = compressed(html.encode()) if gzipped else html.encode()
        return _response(body, status, self._dressed.headers(ancestors), gzipped=gzipped)

    def fill(self, page: GappedPage, values: Mapping[str, str]) -> Response:
        """As `respond`, for a page that is the same for everybody but for these values."""
        gzipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
        body = page.gzipped(values) if gzipped else page.plain(values)
        return _response(body, 200, self._dressed.unframed, gzipped=gzipped)


def _response(body: bytes, status: int, headers: Mapping[str, str], *, gzipped: bool) -> Response:
    if gzipped:
        headers = {**headers, "Content-Encoding": "gzip"}
    return PlainResponse(body, status, headers, content_type="text/html; charset=utf-8")


HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class _Compact(FileSystemLoader):
    """Loads templates without indentation and line breaks between tags."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        source, name, fresh = super().get_source(environment, template)
        return re.sub(r"(?<=[>}])\n\s*(?=[<{])(?!\{\{ s\.value)", "", source), name, fresh


def _site(settings: Settings) -> Site:
    organisation = settings.organisation
    file = resources.find("templates", "survey/page.css", settings.instance)
    colours = palette(organisation.colour)
    brand = (
        f":root{{--brand:{colours.brand};--on:{colours.on_brand};"
        f"--night:{colours.brand_at_night};--on-night:{colours.on_brand_at_night}}}"
    )
    script = resources.find("templates", "survey/page.js", settings.instance)
    return Site(
        name=organisation.name,
        css=Markup(brand + compact_css(file.read_text(encoding="utf-8"))),  # noqa: S704 (our own file)
        js=Markup(compact_js(script.read_text(encoding="utf-8"))),  # noqa: S704 (our own file)
        logo=_embedded(settings),
        icon="data:,",
        privacy_url=organisation.privacy_url,
        support_email=organisation.support_email,
        support_phone=organisation.support_phone,
    )


@dataclass(frozen=True)
class _Dress:
    """What follows from the organisation's settings."""

    organisation: OrganisationSettings
    site: Site
    policy: str
    unframed: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        site = _site(settings)
        policy = _policy(site)
        return cls(settings.organisation, site, policy, _headers(policy, "'none'"))

    def headers(self, ancestors: str) -> Mapping[str, str]:
        return _headers(self.policy, ancestors)


def _headers(policy: str, ancestors: str) -> dict[str, str]:
    return HEADERS | {"Content-Security-Policy": f"{policy}; frame-ancestors {ancestors}"}


@lru_cache(maxsize=1_000)
def _takes_gzip(accepted: str) -> bool:
    """Whether the client accepts gzip (`gzip;q=0` means that it does not). Cached, because few headers differ."""
    return parse_accept_header(accepted).quality("gzip") > 0


def _embedded(settings: Settings) -> str:
    """The logo as a data URI; empty if it is missing, too large, or of another type."""
    logo = logo_of(settings)
    return logo.address if logo and len(logo.content) <= LARGEST_LOGO else ""


@lru_cache(maxsize=8)  # each of the applications of a process puts the same ones into its pages
def compact_css(css: str) -> str:
    """Minify a style sheet: remove comments and insignificant spaces."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,>]) ?|(?<=:) (?=[^:{}]*[;}])", r"\1", css).replace(";}", "}").strip()


def compact_js(script: str) -> str:
    """Minify a script: remove block comments and indentation. It must not have multi-line strings."""
    script = re.sub(r"/\*.*?\*/", "", script, flags=re.DOTALL)
    return "\n".join(line.strip() for line in script.splitlines() if line.strip())


def _policy(site: Site) -> str:
    """A Content-Security-Policy that only allows the page's own style and script, by their hashes."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(site.css)}'",
            f"script-src '{_hash(site.js)}'",
            "img-src data:",
            "form-action 'self'",
            "base-uri 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
