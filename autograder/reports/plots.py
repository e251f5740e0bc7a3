"""Small plots as SVG inside a page: they follow its colours, and have a text for who cannot see."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

WIDE, HIGH, LEFT, BELOW = 420, 190, 46, 28


def curve(values: Sequence[float], epochs: int = 0) -> Markup:
    """A loss, epoch by epoch; empty where there are fewer than two."""
    if len(values) < 2:
        return Markup("")
    epochs = max(epochs, len(values))
    low, high = min(values), max(values)
    span = (high - low) or max(abs(high), 1.0)
    points = []
    for i, value in enumerate(values):
        x = LEFT + (WIDE - LEFT - 8) * i / (len(values) - 1)
        y = 10 + (HIGH - BELOW - 20) * (high - value) / span
        points.append(f"{x:.1f},{y:.1f}")
    says = f"Loss over {epochs} epochs: from {values[0]:.3g} to {values[-1]:.3g}"
    body = [
        _line(LEFT, 6, LEFT, HIGH - BELOW),
        _line(LEFT, HIGH - BELOW, WIDE - 8, HIGH - BELOW),
        _text(LEFT - 6, 14, f"{high:.3g}", "end"),
        _text(LEFT - 6, HIGH - BELOW - 6, f"{low:.3g}", "end"),
        _text(LEFT, HIGH - 10, "1"),
        _text(WIDE - 8, HIGH - 10, f"epoch {epochs}", "end"),
        Markup('<polyline class="ink" points="{}"/>').format(" ".join(points)),
    ]
    return _svg(says, body, HIGH)


def bars(values: Sequence[tuple[str, float, bool]], title: str, limit: float = 0.5) -> Markup:
    """AUCs as bars from 0 to 1, with a line at guessing; `(label, value, the student's own)`."""
    if not values:
        return Markup("")
    row, scale = 44, WIDE - 60
    body = []
    for i, (label, value, own) in enumerate(values):
        y = 8 + i * row
        body.append(_text(0, y + 12, label))
        look = "" if own else "other"
        body.append(
            Markup('<rect class="{}" x="0" y="{}" width="{:.1f}" height="16" rx="2"/>').format(
                look, y + 18, max(1.0, scale * value)
            )
        )
        body.append(_text(scale * value + 6, y + 31, f"{value:.3f}"))
    high = len(values) * row + 26
    x = scale * limit
    line = Markup('<line class="limit" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>')
    # beside the words, not through them
    body += [line.format(x, 24 + i * row, 44 + i * row) for i in range(len(values))]
    body.append(_text(x, high - 4, f"guessing: {limit:g}", "middle"))
    says = title + ": " + ", ".join(f"{label} {value:.3f}" for label, value, _ in values)
    return _svg(says, body, high)


def histogram(values: Sequence[float], most: float, bins: int = 10) -> Markup:
    """How many students have how many points."""
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / most * bins))] += 1
    top, wide = max([*counts, 1]), 640
    step, high = (wide - 20) / bins, 190
    body = [_line(10, high - BELOW, wide - 10, high - BELOW)]
    for i, count in enumerate(counts):
        tall = (high - BELOW - 26) * count / top
        x, y = 10 + i * step, high - BELOW - tall
        body.append(
            Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
                x + 3, y, step - 6, tall
            )
        )
        if count:
            body.append(_text(x + step / 2, y - 5, str(count), "middle"))
        body.append(_text(x + step / 2, high - 10, f"{most / bins * i:g}", "middle"))
    edges = [f"{most / bins * i:g} to {most / bins * (i + 1):g}: {n}" for i, n in enumerate(counts)]
    return _svg("Students by points. " + ", ".join(edges), body, high, wide)


def _svg(says: str, body: Sequence[Markup], high: float, wide: int = WIDE) -> Markup:
    head = Markup('<svg viewBox="0 0 {} {}" width="{}" role="img" aria-label="{}">')
    return head.format(wide, high, wide, says) + Markup("").join(body) + Markup("</svg>")


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    text = '<line class="axis" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'
    return Markup(text).format(x1, y1, x2, y2)


def _text(x: float, y: float, text: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        x, y, anchor, escape(text)
    )
