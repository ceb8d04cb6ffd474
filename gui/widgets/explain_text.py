"""Reads an explanation (assets/NAME/explain.md) into blocks: headings, paragraphs, lists, equations. No Qt."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["heading", "text", "item", "equation"]

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"),
    *("nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_WORDS = {name: chr(0x3B1 + i + (i > 16)) for i, name in enumerate(_GREEK)}
_WORDS |= {name.capitalize(): chr(ord(letter) - 32) for name, letter in _WORDS.items()}
_WORDS |= {
    "varphi": "φ", "phi": "φ", "cdot": "·", "times": "×", "approx": "≈", "le": "≤", "ge": "≥", "neq": "≠", "to": "→",
    "infty": "∞", "partial": "∂", "nabla": "∇", "sum": "Σ", "sqrt": "√", "pm": "±", "circ": "°", "top": "ᵀ",
    "propto": "∝", "in": "∈", "equiv": "≡", "quad": " ", "ldots": "…", "odot": "⊙", "sim": "∼", "langle": "⟨",
    "rangle": "⟩", "Vert": "‖", "ell": "ℓ", "leftarrow": "←", "rightarrow": "→", "prime": "′",
}  # fmt: skip
_LINK = re.compile(r"\[([^\]]+)\]\(((?:knob|view|https?):[^)\s]+)\)")
_VALUE = re.compile(r"\{knob:([A-Za-z_][A-Za-z0-9_]*)\}")
_TOLD = re.compile(r"\{value:([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the explanation. level: of a heading, 1-3. text: Markdown-like, or LaTeX of an equation."""

    kind: Kind
    text: str
    level: int = 0

    @property
    def knobs(self) -> tuple[str, ...]:
        """Knobs whose present value stands in it."""
        return tuple(_VALUE.findall(self.text))

    @property
    def told(self) -> tuple[str, ...]:
        """Symbols whose value the tab tells."""
        return tuple(_TOLD.findall(self.text))


def parse(source: str) -> list[Block]:
    """The blocks in order. Equations stand between ``$$`` lines or within one; ``- `` and ``1. `` begin list items."""
    blocks: list[Block] = []
    for part in re.split(r"(\$\$.*?\$\$)", source, flags=re.DOTALL):
        if part.startswith("$$") and part.endswith("$$") and len(part) > 4:
            blocks.append(Block("equation", part[2:-2].strip()))
        else:
            blocks.extend(_prose(part))
    return blocks


def _prose(part: str) -> list[Block]:
    blocks: list[Block] = []
    lines: list[str] = []

    def close() -> None:
        if lines:
            blocks.append(Block("text", " ".join(lines)))
            lines.clear()

    for line in part.splitlines():
        stripped = line.strip()
        heading = re.match(r"(#{1,3})\s+(.*)", stripped)
        item = re.match(r"(-|\*|\d+\.)\s+(.*)", stripped)
        if not stripped:
            close()
        elif heading:
            close()
            blocks.append(Block("heading", heading[2], len(heading[1])))
        elif item:
            close()
            mark = item[1] if item[1][0].isdigit() else "•"
            blocks.append(Block("item", f"{mark} {item[2]}"))
        elif blocks and blocks[-1].kind == "item" and not lines and line.startswith("  "):
            blocks[-1] = Block("item", f"{blocks[-1].text} {stripped}")
        else:
            lines.append(stripped)
    close()
    return blocks


def to_html(text: str, values: Mapping[str, str], accent: str, told: Mapping[str, str] | None = None) -> str:
    """Rich text of a block: symbols in italics, links in the accent colour, ``{knob:x}`` replaced by its value.

    values: knob -> text. told: symbol -> text, for ``{value:symbol}``.
    """
    kept: list[str] = []

    def keep(made: str) -> str:
        kept.append(made)
        return f"\x00{len(kept) - 1}\x00"

    def link(match: re.Match[str]) -> str:
        words = _styled(match[1], lambda latex: keep(inline_math(latex)))
        return keep(f'<a href="{html.escape(match[2])}" style="color:{accent};text-decoration:none">{words}</a>')

    text = _VALUE.sub(lambda m: keep(f"<b>{html.escape(values.get(m[1], '?'))}</b>"), text)
    text = _TOLD.sub(lambda m: keep(f"<b>{html.escape((told or {}).get(m[1], '–'))}</b>"), text)
    text = _LINK.sub(link, text)
    text = _styled(text, lambda latex: keep(inline_math(latex)))
    for _ in range(2):  # a link may hold symbols
        text = re.sub("\x00(\\d+)\x00", lambda m: kept[int(m[1])], text)
    return text


def _styled(text: str, math: Any) -> str:
    text = re.sub(r"\$([^$]+)\$", lambda m: math(m[1]), text)
    text = html.escape(text, quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"(?<!\*)\*([^*]+)\*(?!\*)", r"<i>\1</i>", text)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def inline_math(latex: str) -> str:
    """A short LaTeX symbol as rich text: Greek letters, indices low, exponents high."""
    text = re.sub(r"\\(?:mathrm|text|operatorname|mathbf)\{([^}]*)\}", r"\1", latex)
    text = re.sub(r"\\(?:hat|tilde|bar)\{?(\w)\}?", lambda m: m[1] + "\u0302", text)
    text = re.sub(r"\\([A-Za-z]+)\s?", lambda m: _WORDS.get(m[1], m[1]), text)
    text = html.escape(text.replace("\\,", " ").replace("\\", ""), quote=False)
    text = re.sub(r"_\{([^}]*)\}|_(\w)", lambda m: f"<sub>{m[1] or m[2]}</sub>", text)
    text = re.sub(r"\^\{([^}]*)\}|\^(\w)", lambda m: f"<sup>{m[1] or m[2]}</sup>", text)
    return f"<i>{text.replace('-', '−')}</i>"
