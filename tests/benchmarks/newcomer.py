"""A newcomer's first survey, counted: clicks, fields, keys and pages of each step, and how long they take.

    python3 dev.py bench newcomer [--widths 1280 390]

A lead who has never seen the studio makes a survey of five questions in two languages with a branch, from nothing,
tries it on a phone and publishes it. A real browser does what the lead does, and every act is counted. Its time is that
of the keystroke-level model (Card, Moran, Newell 1980, Communications of the ACM 23(7)):

    K 0.28 s  a key, for somebody of average skill, who is no typist
    P 1.1 s   to point at something
    B 0.2 s   to press and release the button of the mouse, or to tap
    H 0.4 s   to move the hand between the mouse and the keyboard
    M 1.35 s  to get ready: before each click that is a decision, and before each text

The model leaves out what it cannot know, so three things are added:

    reading   every word that is new in the window, at 238 words a minute (Brysbaert 2019, Journal of Memory and
              Language 109); people read about a quarter of them (Nielsen 2008, https://www.nngroup.com/articles/
              how-little-do-users-read/), which is shown as well
    scrolling one P for each height of the window
    answers   what the page really took to answer, from the click until it is there

On a phone there is no H, and a key is 0.33 s (Palin and others 2019, MobileHCI: 36 words a minute with two thumbs).
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.benchmarks.studio_form import office
from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.web.browsing import enter, serving

P, B, H, M = 1.1, 0.2, 0.4, 1.35
K_KEYBOARD, K_PHONE = 0.28, 0.33
WORDS_PER_MINUTE = 238
SCANNED = 0.28
"""The part of the words on a page that people read at most (Nielsen 2008)."""
NARROW = 800
MOST_PAGES = 8
SETTLED = 300
"""Milliseconds after a tap in which a page that goes on by itself has begun to."""
TITLE = ("First weeks", "İlk haftalar")
HINDRANCE = ("What slowed you down most?", "Sizi en çok ne yavaşlattı?")
CAUSES = (
    ("Setting up accounts", "Hesapların kurulumu"),
    ("Moving our data", "Verilerimizin taşınması"),
    ("Learning the product", "Ürünü öğrenmek"),
)
START = ("How was the start?", "Başlangıç nasıldı?")
SMS = (
    ("Hello ", "{company}: one short question about your experience"),
    ("Merhaba ", "{company}: deneyiminiz hakkında kısa bir soru"),
)
THANKS = ("Thank you. We read every answer.", "Teşekkürler. Her yanıtı okuyoruz.")
_VISIBLE = """() => {
  const seen = [], shown = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (shown.nextNode()) {
    const {parentElement: at} = shown.currentNode, words = shown.currentNode.textContent.trim();
    if (!words || at.closest("script, style, option, symbol, template, .visually-hidden")) continue;
    const {top, bottom, width, height} = at.getBoundingClientRect();
    if (width && height && bottom > 0 && top < innerHeight && at.checkVisibility()) seen.push(words);
  }
  return seen;
}"""


@dataclass
class Step:
    """What one step took; times in seconds."""

    name: str
    clicks: int = 0
    fields: int = 0
    keys: int = 0
    pages: int = 0
    words: int = 0
    acts: float = 0.0
    answers: float = 0.0

    def seconds(self, read: float = 1.0) -> float:
        """Its time if the given part of the words is read."""
        return self.acts + self.answers + read * self.words / WORDS_PER_MINUTE * 60


@dataclass
class Trial:
    """A person in front of a page: does things, and counts what they cost."""

    page: Page
    is_phone: bool
    steps: list[Step] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    at_keyboard: bool = False

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.steps.append(Step(name))
        self.look()
        yield
        self.look()

    @property
    def now(self) -> Step:
        return self.steps[-1]

    def look(self) -> None:
        """Read what is in the window and was not read before."""
        new = [each for each in self.page.evaluate(_VISIBLE) if each not in self.known]
        self.known |= set(new)
        self.now.words += sum(len(each.split()) for each in new)

    def reach(self, target: Locator) -> None:
        """Scroll until something is in the window, and look at what came in."""
        height = self.page.viewport_size["height"]  # type: ignore[index]
        place = target.evaluate("each => each.getBoundingClientRect().top")
        if not 0 <= place <= height - 40:
            self.now.acts += P * max(1, round(abs(place) / height))
            target.evaluate("each => each.scrollIntoView({block: 'center'})")
            self.look()
        if self.at_keyboard and not self.is_phone:
            self.now.acts += H
        self.at_keyboard = False

    def click(self, target: Locator, *, leads_on: bool = False) -> None:
        """Decide, point, click, and wait for what comes. `leads_on`: to another page."""
        self.reach(target)
        self.now.clicks += 1
        self.now.acts += M + P + B
        began = time.perf_counter()
        if leads_on:
            with self.page.expect_navigation():
                target.click()
            self.now.pages += 1
        else:
            target.click()
            self.wait()
        self.now.answers += time.perf_counter() - began
        self.look()

    def wait(self) -> None:
        """Until the answers to what was done so far are on the page."""
        self.page.wait_for_function(
            "() => !document.querySelector('.htmx-request') && !document.querySelector('[aria-busy=true]')"
        )

    def write(self, target: Locator, words: str, *, goes_on: bool = False, at_start: bool = False) -> None:
        """Write a text into a field; `goes_on`: at the place of the cursor, in the field where it is; `at_start`:
        before what is in it."""
        if not goes_on:
            self.reach(target)
            self.now.fields += 1
            self.now.acts += M + P + B
            target.click()
            target.press("Control+Home" if at_start else "Control+End")  # where the click went
        if not self.at_keyboard and not self.is_phone:
            self.now.acts += H
        self.at_keyboard = True
        self.now.keys += len(words)
        self.now.acts += len(words) * (K_PHONE if self.is_phone else K_KEYBOARD)
        target.press_sequentially(words)

    def choose(self, target: Locator, value: str) -> None:
        """Open a menu, read its entries down to the one that is wanted, and choose it."""
        self.reach(target)
        self.now.fields += 1
        before = target.evaluate(
            "(menu, value) => [...menu.options].slice(0, [...menu.options].findIndex(o => o.value === value) + 1)"
            ".map(o => o.label)",
            value,
        )
        self.now.words += sum(len(each.split()) for each in before)
        self.now.acts += M + 2 * (P + B)
        target.select_option(value)

    def tap(self, target: Locator) -> None:
        """Tap an answer, which may lead on by itself."""
        self.reach(target)
        self.now.clicks += 1
        self.now.acts += M + P + B
        began = time.perf_counter()
        target.click()
        self.page.wait_for_load_state()
        self.now.answers += time.perf_counter() - began
        self.page.wait_for_timeout(SETTLED)
        self.look()

    def tick(self, target: Locator) -> None:
        self.reach(target)
        self.now.clicks += 1
        self.now.acts += M + P + B
        target.check()


def text(page: Page, part: str, language: str) -> Locator:
    return page.locator(f"[name='text|{part}|{language}']")


def both(trial: Trial, part: str, words: tuple[str, str]) -> None:
    for language, each in zip(("en", "tr"), words, strict=True):
        trial.write(text(trial.page, part, language), each)


def add(trial: Trial, at: int, kind: str) -> None:
    adding = trial.page.locator(f"#adding-{at}")
    trial.click(adding.locator("summary"))
    trial.click(adding.locator(f"button[value='add-question {kind}']"))
    trial.page.wait_for_selector(f"article.question:nth-of-type({at + 2})")


def options(trial: Trial, key: str) -> None:
    for number, words in enumerate(CAUSES, 1):
        if not text(trial.page, f"questions.{key}.options.option-{number}.text", "en").count():
            trial.click(trial.page.locator(f"button[value='add-option questions.{key}']"))
        both(trial, f"questions.{key}.options.option-{number}.text", words)
    trial.click(trial.page.locator(f"button[value='add-option questions.{key} other']"))


def write_sms(trial: Trial) -> None:
    """A text with the customer's first name and the address: from the standard text where it can be had, otherwise by
    hand, by somebody who knows the codes by heart."""
    page, part = trial.page, trial.page.locator("#messages")
    first, standard = part.locator("[data-insert^='{first_name']"), part.locator("[value='standard sms']")
    if standard.count():
        trial.click(standard)
    for language, (hello, rest) in zip(("en", "tr"), SMS, strict=True):
        box = text(page, "messages.sms", language)
        if standard.count() or first.count():
            trial.write(box, hello, at_start=True)
            trial.click(first)
            trial.write(box, ", ", goes_on=True)
        else:
            name = "there" if language == "en" else "değerli müşterimiz"
            trial.write(box, f"{hello}{{first_name|{name}}}, {rest}: {{link}} {{opt_out}}")


def story(trial: Trial, phone: Trial, site: str) -> None:
    page = trial.page
    page.goto(f"{site}/studio/")
    with trial.step("Find where a survey begins"):
        trial.click(page.locator("a[href='/studio/new']"), leads_on=True)
    with trial.step("Start blank, in two languages"):
        trial.write(page.locator("#blank-title"), TITLE[0])
        if page.locator("#metric").input_value() != "csat":
            trial.choose(page.locator("#metric"), "csat")
        blank = page.locator("section:has(#blank)")
        trial.tick(blank.locator("[name=also][value=tr]"))
        trial.click(blank.locator("button[type=submit]"), leads_on=True)
    with trial.step("Title in the second language"):
        trial.write(text(page, "title", "tr"), TITLE[1])
    with trial.step("One choice, with three options and “other”"):
        add(trial, 1, "single")
        both(trial, "questions.single.text", HINDRANCE)
        options(trial, "single")
    with trial.step("Ask it only after a low score"):
        trial.choose(page.locator("[name='if|questions.single.show_if']").first, "csat|at_most|2")
    with trial.step("Stars"):
        add(trial, 2, "stars")
        both(trial, "questions.stars.text", START)
    with trial.step("Likelihood to recommend"):
        add(trial, 3, "nps")
    write_messages(trial)
    with trial.step("See whether something is wrong"):
        look_at_issues(trial)
    with trial.step("Try it by a message to oneself"):
        trial.click(page.locator("nav.tabs a[href$='/preview']"), leads_on=True)
        trial.click(page.locator("form.send-test button").first, leads_on=True)
        begin = page.locator("a", has_text="Begin in English").first.get_attribute("href")
    with phone.step("Answer it on a phone"):
        answer(phone, f"{site}{begin}")
    with trial.step("Publish"):
        publish(trial)


def write_messages(trial: Trial) -> None:
    page = trial.page
    with trial.step("SMS with the customer's name"):
        write_sms(trial)
    with trial.step("Last page"):
        part = page.locator("#thanks textarea[name^='text|']").first.get_attribute("name")
        assert part
        both(trial, part.split("|")[1], THANKS)
        trial.wait()


def look_at_issues(trial: Trial) -> None:
    page = trial.page
    wanted = page.locator("#status a[href^='#']")
    while wanted.count() and trial.now.clicks < 5:  # each issue that leads somewhere
        trial.click(wanted)
        purpose = page.locator("[name='word|questions.single.purpose']")
        if not purpose.count() or purpose.input_value():
            break
        trial.write(purpose, "Decide where to help first.")
        trial.wait()


def publish(trial: Trial) -> None:
    page = trial.page
    trial.click(page.locator("nav.tabs a[href$='/publish']"), leads_on=True)
    for warning in page.locator("[name=accept]").all():
        trial.tick(warning)
    trial.click(page.locator("form:has(#note) button[type=submit]"), leads_on=True)
    assert page.locator(".notice.good").count(), page.locator("main").inner_text()


def answer(phone: Trial, address: str) -> None:
    """Open the link in the message, and answer with low scores until the last page."""
    page = phone.page
    began = time.perf_counter()
    page.goto(address)
    phone.now.answers += time.perf_counter() - began
    phone.now.clicks += 2  # the mail, and the link in it
    phone.now.pages += 1
    phone.now.acts += 2 * (M + P + B)
    phone.look()
    for _ in range(MOST_PAGES):
        shown = page.locator("main").inner_text()
        choices = page.locator("main form label:has(input[type=radio])")
        if choices.count():
            phone.tap(choices.first)
        if page.locator("main").inner_text() != shown:
            continue  # a scale goes on by itself
        following = page.locator("main form button:visible")
        if not following.count():
            return
        phone.click(following.first, leads_on=True)
        if page.locator("main").inner_text() == shown:
            return


def tried(browser: Browser, site: str, width: int) -> list[Step]:
    size: Any = {"width": width, "height": 844 if width < NARROW else 900}
    page = browser.new_context(viewport=size, locale="en").new_page()
    enter(page, site, "lead")
    trial = Trial(page, width < NARROW)
    customer = browser.new_context(viewport={"width": 390, "height": 844}, locale="en").new_page()
    phone = Trial(customer, is_phone=True, steps=trial.steps)
    story(trial, phone, site)
    return trial.steps


def show(steps: list[Step], width: int) -> None:
    print(f"\n{width} pixels wide\n| step | clicks | fields | keys | pages | words | seconds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    whole = Step("together")
    for each in steps:
        for name in ("clicks", "fields", "keys", "pages", "words", "acts", "answers"):
            setattr(whole, name, getattr(whole, name) + getattr(each, name))
    for each in (*steps, whole):
        print(
            f"| {each.name} | {each.clicks} | {each.fields} | {each.keys} | {each.pages} | {each.words}"
            f" | {each.seconds():.0f} |"
        )
    print(
        f"{whole.seconds() / 60:.1f} minutes if every word is read, {whole.seconds(SCANNED) / 60:.1f} if "
        f"{SCANNED:.0%} are; {whole.answers:.0f} s of it are answers of the server and the browser"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--widths", type=int, nargs="+", default=[1280, 390])
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    for width in options.widths:
        with office([]) as app, serving(app) as site, sync_playwright() as programs:
            browser = programs.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
            show(tried(browser, site, width), width)
            browser.close()


if __name__ == "__main__":
    main()
