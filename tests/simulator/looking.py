"""Pages in a real browser: opened, looked at, gone through with the keyboard; screenshots go to build/screenshots."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


def chromium() -> str:
    """Return the path of Chromium; without one the test is skipped, or fails where a browser is required."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("SOCERT_BROWSER") == "required":
        pytest.fail("There is no Chromium: install it (apt-get install chromium), SOCERT_BROWSER=required wants one.")
    pytest.skip("There is no Chromium on this machine: the pages were not looked at")


@asynccontextmanager
async def opened_page(name: str) -> AsyncIterator[Page]:
    """Open a page of a fresh browser, as wide as `name` says; errors of the page fail the test."""
    path = chromium()
    width, height = WIDTHS[name]
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        context = await browser.new_context(viewport={"width": width, "height": height}, locale="ru-RU")
        opened = await context.new_page()
        opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
        await browser.close()
    # Pages that are not there, and forms that come back with errors, are what some tests are about.
    assert [error for error in errors if "404 (" not in error and "422 (" not in error] == []


#: What is wrong with a page for one who cannot see it well, or at all; each finding is a text.
_UNSOUND = """() => {
  const wrong = [];
  const all = selector => [...document.querySelectorAll(selector)];
  const name = one => one.outerHTML.slice(0, 120);
  const seen = new Set();
  for (const one of all("[id]")) {
    if (seen.has(one.id)) wrong.push(`id twice: ${one.id}`);
    seen.add(one.id);
  }
  for (const one of all("[aria-labelledby], [aria-describedby]"))
    for (const id of (one.getAttribute("aria-labelledby") || one.getAttribute("aria-describedby")).split(" "))
      if (!seen.has(id)) wrong.push(`names nothing: ${name(one)}`);
  for (const one of all("input:not([type=hidden]), select, textarea"))
    if (![...one.labels].some(label => label.innerText.trim())) wrong.push(`no label: ${name(one)}`);
  for (const one of all("fieldset"))
    if (!one.querySelector("legend")) wrong.push(`no legend: ${name(one)}`);
  for (const one of all("a[href], button, summary"))
    if (!(one.getAttribute("aria-label") || one.innerText).trim()) wrong.push(`no words: ${name(one)}`);
  for (const one of all("a[href^='#']"))
    if (!seen.has(one.getAttribute("href").slice(1))) wrong.push(`leads nowhere: ${name(one)}`);
  let level = 0;
  for (const one of all("h1, h2, h3, h4")) {
    if (+one.tagName[1] > level + 1) wrong.push(`heading skips a level: ${name(one)}`);
    level = +one.tagName[1];
  }
  if (all("h1").length !== 1) wrong.push("not one h1");
  if (all("[aria-current]").length && all("nav [aria-current=page]").length > 1) wrong.push("two current pages");
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = one => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (parts(colour).length < 4 || parts(colour)[3] === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const one of all("body *")) {
    const text = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!text || !one.getClientRects().length) continue;
    const [low, high] = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < 4.5) wrong.push(`too pale: ${name(one)}`);
  }
  return wrong;
}"""


async def look(page: Page, name: str) -> None:
    """Take a screenshot; nothing may stick out sideways, lack a name or a label, or be too pale to read."""
    await asyncio.to_thread(SCREENSHOTS.mkdir, parents=True, exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, name
    assert await page.evaluate(_UNSOUND) == [], name


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element whose text holds `name` has the focus, and see that the focus shows."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        text = await page.evaluate("document.activeElement === document.body ? '' : document.activeElement.innerText")
        if name in " ".join((text or "").split()):
            outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    pytest.fail(f"Tab never reaches {name!r}")


async def words(page: Page) -> str:
    """Return what a person can read."""
    return " ".join((await page.inner_text("main")).split())
