"""What a page's text and controls have to be for everybody to read and press them; looked at in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page

UPSTREAM = "#react-admin-hook"
"""What JupyterHub's own script draws is not ours to judge."""

PALE = """(upstream) => {
  const parsed = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    return {rgb: [r, g, b], a};
  };
  const over = (top, below) => top.rgb.map((value, i) => value * top.a + below[i] * (1 - top.a));
  const behind = (element) => {
    if (element === null) return [255, 255, 255];
    const own = parsed(getComputedStyle(element).backgroundColor);
    return own.a === 1 ? own.rgb : over(own, behind(element.parentElement));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
    if (!text || !element.checkVisibility() || element.closest(`${upstream}, noscript, svg title, option`)) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const below = behind(element);
    const ink = parsed(element.closest("svg") ? style.fill : style.color);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = contrast(over(ink, below), below);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)}: ${text.slice(0, 60)}`);
  }
  return found;
}"""
"""Texts below the contrast of WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large ones."""

UNFIT = """(upstream) => {
  const found = [];
  for (const one of document.querySelectorAll("button, select, textarea, input:not([type=hidden]), a, summary")) {
    if (!one.checkVisibility() || one.closest(upstream)) continue;
    const box = one.getBoundingClientRect(), inline = getComputedStyle(one).display === "inline";
    const words = one.labels?.length ? one.labels[0].textContent : one.getAttribute("aria-label") ?? one.textContent;
    if (!words.trim()) found.push(`without a name: ${one.outerHTML.slice(0, 80)}`);
    if (!inline && box.height < 24) found.push(`${box.height} px high: ${words.trim().slice(0, 60)}`);
    if (box.right > innerWidth && !one.closest(".scroll")) found.push(`beyond the edge: ${words.trim().slice(0, 60)}`);
    if (one.tabIndex < 0) found.push(`beyond the keyboard: ${words.trim().slice(0, 60)}`);
  }
  return found;
}"""
"""Controls without a name, too low for a finger (WCAG 2.2, 2.5.8), out of sight, or out of the keyboard's reach."""


def pale_texts(page: Page) -> list[str]:
    """Give the texts of the page that are too pale, with their contrast, in the scheme that is shown now."""
    return page.evaluate(PALE, UPSTREAM)


def unfit_controls(page: Page) -> list[str]:
    """Give what cannot be pressed by everybody, and why."""
    return page.evaluate(UNFIT, UPSTREAM)
