"""Tables of results, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from . import _native

__all__ = ["html", "html_table", "number", "share", "shown", "text_table"]

#: The class of all that the package shows in a notebook.
CLASS = "deepcross"

#: The style of tables and figures within that class; the style of plots is that of the pages of results.
STYLE = """
.deepcross { background: var(--page); color: var(--ink); border: 1px solid var(--line); border-radius: 8px;
  padding: 0.6rem 0.9rem; width: fit-content; max-width: 100%; font: 14px/1.45 system-ui, sans-serif; }
.deepcross p { margin: 0 0 0.5rem; color: var(--ink); }
.deepcross table { border-collapse: collapse; margin: 0 0 0.6rem; }
.deepcross th, .deepcross td { padding: 0.15rem 0.7rem; border-top: 1px solid var(--line); color: var(--ink);
  background: var(--page); text-align: right; overflow-wrap: anywhere; }
.deepcross caption { text-align: left; font-weight: 600; color: var(--ink); }
.deepcross .text th, .deepcross .text td, .deepcross th:first-child { text-align: left; }
.deepcross th { font-weight: 600; }
.deepcross .plots { display: flex; flex-wrap: wrap; gap: 0.6rem; }
.deepcross figure { margin: 0; padding: 0.4rem; width: 22rem; max-width: 100%; background: var(--card); }
.deepcross figcaption { font-weight: 600; }
"""

#: The longest text of a cell.
LONGEST = 60


def number(value: float | None) -> str:
    """Return a metric with four decimals; a dash for None."""
    return "–" if value is None else f"{value:.4f}"


def share(part: int, whole: int) -> str:
    """Return a share in per cent; a dash if there is nothing."""
    return f"{100 * part / whole:.2f} %" if whole else "–"


def shown(text: object) -> str:
    """Return a text for a cell: cut if it is long, and without characters that would steer a terminal."""
    cleaned = "".join(char if char.isprintable() else repr(char)[1:-1] for char in str(text))
    return cleaned if len(cleaned) <= LONGEST else cleaned[: LONGEST - 1] + "…"


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = (0,)) -> str:
    """Return a table; the columns `texts` are aligned to the left, and the others to the right."""
    cells = [[shown(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(header))]

    def line(row: Sequence[str]) -> str:
        places = enumerate(zip(row, widths))
        parts = (cell.ljust(width) if at in texts else cell.rjust(width) for at, (cell, width) in places)
        return "  ".join(parts).rstrip()

    return "\n".join(line(row) for row in cells)


def html_table(caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], is_text: bool = False) -> str:
    """Return a table of HTML; all its texts are escaped."""

    def line(row: Sequence[str], name: str) -> str:
        first, *others = (escape(str(cell)) for cell in row)
        return f"<tr><th>{first}</th>{''.join(f'<{name}>{cell}</{name}>' for cell in others)}</tr>"

    kind = ' class="text"' if is_text else ""
    head = f"<caption>{escape(caption)}</caption>" if caption else ""
    body = "".join(line(row, "td") for row in rows)
    return f"<table{kind}>{head}<thead>{line(header, 'th')}</thead><tbody>{body}</tbody></table>"


def html(*parts: str) -> str:
    """Return parts of HTML in one element, with their style."""
    style = _native.plot_style(f".{CLASS}") + STYLE
    return f'<div class="{CLASS}"><style>{style}</style>{"".join(parts)}</div>'
