"""The pictures of the notebooks, one function each; they follow the theme and say what they show.

A picture is drawn when a notebook shows it, so that a run without a reader draws nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOY = ((1, 2), (1, 3), (2, 1), (2, 2), (3, 2), (3, 4))  # (user, artist): the toy of every notebook
# Each of these stands out from a white page and from a black one.
USER, ARTIST, THIRD = "#3d85c8", "#c9701a", "#9a5fc9"
GRAY, PALE = "#808080", "#b8b8b8"
INK = "#010203"  # stands for the colour of the page's text until the picture is shown
LABEL: dict[str, Any] = {
    "color": "black",
    "fontsize": 10,
    "ha": "center",
    "va": "center",
    "zorder": 3,
}


class Picture:
    """A picture that a notebook shows in the colours of its theme; `alt` says it in words."""

    def __init__(self, draw: Callable[[Figure], None], width: float, height: float, alt: str):
        self._draw, self._size, self.alt = draw, (width, height), alt

    def __repr__(self) -> str:
        return f"<picture: {self.alt}>"

    def figure(self) -> Figure:
        """The picture as a figure of matplotlib's, to change it or to save it."""
        import matplotlib
        from matplotlib.figure import Figure

        names = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        look: Any = dict.fromkeys(names, INK)
        look |= {"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False}
        look |= {"axes.titlesize": 11, "font.family": "sans-serif"}
        with matplotlib.rc_context(look):
            figure = Figure(figsize=self._size, layout="constrained")
            self._draw(figure)
        return figure

    def _repr_html_(self) -> str:
        import matplotlib

        text = io.StringIO()
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.image_inline": True}):
            bare = {"Date": None, "Creator": None, "Format": None, "Type": None}
            self.figure().savefig(text, format="svg", transparent=True, metadata=bare)
        svg = text.getvalue()
        svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
        kind = f'<svg role="img" aria-label="{escape(self.alt)}" style="max-width:100%;height:auto"'
        color = "color:var(--jp-content-font-color1,inherit)"
        return f'<div style="{color}">{svg.replace("<svg", kind, 1)}</div>'

    def _repr_png_(self) -> bytes:
        """For what shows no HTML: a page in print, or the file on GitHub."""
        data = io.BytesIO()
        self.figure().savefig(data, format="png", facecolor="white", dpi=110)
        return data.getvalue()


def listening(df: pd.DataFrame) -> Picture:
    """Step 1: how many artists a user has, how many listeners an artist, and who has only one."""
    artists = df.groupby("userID").size()
    listeners = df.groupby("artistID").size()
    counts = listeners.value_counts().sort_index()
    once = float((listeners == 1).mean())

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        left.hist(artists, bins=np.linspace(0, artists.max() + 1, 30).tolist(), color=USER)
        left.set(xlabel="artists of a user", ylabel="users", title="How many artists has a user?")
        right.loglog(counts.index, counts, "o", color=ARTIST, markersize=4)
        if once:
            right.loglog([1], [counts.loc[1]], "o", color=THIRD, markersize=9)
            words = f"{once:.0%} of all artists have\none listener only"
            look: dict[str, Any] = {"ha": "right", "va": "top", "color": INK}
            right.text(0.98, 0.98, words, transform=right.transAxes, **look)
        right.set(xlabel="listeners of an artist", ylabel="artists")
        right.set_title("How many listeners has an artist?")

    alt = (
        f"Left: the number of artists of each user, {artists.median():.0f} in the middle and "
        f"{artists.max():,} at most. Right, both axes logarithmic: how many artists have so many "
        f"listeners. {once:.0%} of the artists have one listener only; the most heard has "
        f"{listeners.max():,}."
    )
    return Picture(draw, 8, 3, alt)


def neighbourhood(G: nx.Graph, user: Any, artists: int = 8, listeners: int = 2) -> Picture:
    """Step 2: a user, some of its artists, and some others who listen to them, by side.

    Where nodes have other names than `user`, the first node of `G` is drawn.

    Raises:
        ValueError: `G` has no node.
    """
    if not len(G):
        raise ValueError("`G` has no node yet: run the cell of the exercise that adds them first")
    user = user if user in G else next(iter(G))
    heard = sorted(G[user], key=G.degree, reverse=True)[:artists]
    hops = {user: 0, **dict.fromkeys(heard, 1)}
    for artist in heard:
        others = [node for node in G[artist] if node != user][:listeners]
        hops |= {node: 2 for node in others if node not in hops}
    part = G.subgraph(hops)

    def draw(figure: Figure) -> None:
        import networkx as nx

        axes = figure.subplots()
        place = nx.shell_layout(part, [[n for n in hops if hops[n] == hop] for hop in range(3)])
        nx.draw_networkx_edges(part, place, ax=axes, edge_color=GRAY, width=1.2)
        for side, color, shape in ((0, USER, "o"), (1, ARTIST, "s")):
            nodes = [node for node in part if G.nodes[node].get("bipartite") == side]
            look = {"node_color": color, "node_shape": shape, "node_size": 480}
            nx.draw_networkx_nodes(part, place, nodes, ax=axes, **look)
        names = {node: _short(node) for node in part}
        nx.draw_networkx_labels(part, place, names, ax=axes, font_size=8, font_color="black")
        axes.set_title(f"{_short(user)}, some of its artists, and who else listens to them")
        axes.set_axis_off()

    outer = sum(hop == 2 for hop in hops.values())
    alt = (
        f"The graph around {_short(user)}: {len(heard)} of its {G.degree(user)} artists (squares) "
        f"in a ring around it, and outside {outer} other users (circles) who listen to them. "
        "Every edge joins a circle and a square."
    )
    return Picture(draw, 6, 5, alt)


def messages_and_supervision() -> Picture:
    """Step 3: what the model looks at and what it is asked, in each part of the toy's split."""
    parts = [("train_data", 4, TOY[:4]), ("val_data", 4, TOY[4:5]), ("test_data", 5, TOY[5:])]

    def draw(figure: Figure) -> None:
        for axes, (name, messages, asked) in zip(figure.subplots(1, 3), parts, strict=True):
            for edge in TOY[:messages]:
                _edge(axes, edge, color=GRAY, linewidth=2, label="looked at")
            for edge in asked:
                _edge(axes, edge, 0.08, color=THIRD, linewidth=2, linestyle="--", label="asked")
            _toy_nodes(axes)
            axes.set_title(name)
        _legend(figure)

    alt = (
        "The toy graph, three times. In train_data the four edges of users 1 and 2 are looked at "
        "and asked about. In val_data the same four are looked at, and user 3 - artist 2 is asked. "
        "In test_data these five are looked at, and user 3 - artist 4 is asked."
    )
    return Picture(draw, 8, 3.2, alt)


def two_hops(user: int = 1) -> Picture:
    """Step 4: whose vectors have reached a user of the toy after no, one and two layers."""
    names: list[set[str]] = [{f"u{user}"}]
    for _ in range(2):
        near = {name for edge in TOY for name in _ends(edge) if set(_ends(edge)) & names[-1]}
        names.append(names[-1] | near)

    def draw(figure: Figure) -> None:
        for hop, axes in enumerate(figure.subplots(1, 3)):
            for edge in TOY:
                reached = hop and set(_ends(edge)) & names[hop - 1]
                color, width = (THIRD, 2.5) if reached else (GRAY, 1)
                _edge(axes, edge, color=color, linewidth=width)
            _toy_nodes(axes, names[hop])
            title = ("before the first layer", "after one layer", "after two layers")
            axes.set_title(title[hop])

    alt = f"What the vector of user {user} of the toy has heard of: itself"
    for hop, words in ((1, "after one layer"), (2, "after two layers")):
        alt += f"; {words} also {', '.join(sorted(names[hop] - names[hop - 1]))}"
    return Picture(draw, 8, 3, alt + ".")


def training(losses: Sequence[float], val_aucs: Sequence[float] = ()) -> Picture:
    """Step 5: the loss and the validation AUC by epoch, and the epoch whose AUC is best."""
    best = int(np.argmax(val_aucs)) + 1 if len(val_aucs) else 0

    def draw(figure: Figure) -> None:
        left = figure.subplots()
        left.plot(range(1, len(losses) + 1), losses, color=USER)
        left.axhline(0.693, color=GRAY, linestyle=":", linewidth=1.5)
        left.annotate("50 : 50", (len(losses), 0.693), ha="right", va="bottom", color=INK)
        left.set(xlabel="epoch", ylim=(0, min(max(losses), 4)))
        left.set_ylabel("training loss (solid)")
        if best:
            right = left.twinx()
            right.spines["right"].set_visible(True)
            right.plot(range(1, len(val_aucs) + 1), val_aucs, color=ARTIST, linestyle="--")
            right.plot([best], [val_aucs[best - 1]], "o", color=ARTIST)
            right.set(ylabel="validation AUC (dashed)", ylim=(0.4, 1))
            look: dict[str, Any] = {"textcoords": "offset points", "color": INK}
            look["ha"] = "right" if best > len(val_aucs) / 2 else "left"
            right.annotate(f"best: epoch {best}", (best, val_aucs[best - 1]), (0, 7), **look)

    alt = f"The training loss goes from {losses[0]:.2f} to {losses[-1]:.2f} in {len(losses)} epochs"
    if best:
        alt += f"; the validation AUC is best, {val_aucs[best - 1]:.3f}, after epoch {best}"
    return Picture(draw, 6.5, 3.2, alt + ".")


def scores_and_roc(positives: Any, split_negatives: Any, pair_negatives: Any) -> Picture:
    """Step 6: the scores of edges and of both kinds of negatives, and the two ROC curves."""
    from sklearn.metrics import roc_auc_score, roc_curve

    edges = np.asarray(positives)
    kinds = (
        ("the split's negatives", np.asarray(split_negatives), GRAY, ":"),
        ("user-artist negatives", np.asarray(pair_negatives), ARTIST, "--"),
    )
    both = [
        (np.repeat([1, 0], [len(edges), len(no)]), np.concatenate([edges, no]))
        for _, no, _, _ in kinds
    ]
    aucs = [roc_auc_score(*pair) for pair in both]

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        all_scores = np.concatenate([edges, *(no for _, no, _, _ in kinds)])
        low, high = np.quantile(all_scores, [0.005, 0.995]).tolist()
        bins = np.linspace(low, high, 50).tolist()
        look: dict[str, Any] = {"density": True, "histtype": "step", "linewidth": 2}
        left.hist(edges, bins, color=USER, label="hidden test edges", **look)
        for name, no, color, line in kinds:
            left.hist(no, bins, color=color, linestyle=line, label=name, **look)
        left.set(xlabel="score", ylabel="share of the pairs", title="Scores")
        left.set_yticks([])
        for (name, _, color, line), pair, auc in zip(kinds, both, aucs, strict=True):
            wrong, right_ones, _ = roc_curve(*pair)
            label = f"{name}: AUC {auc:.3f}"
            right.plot(wrong, right_ones, color=color, linestyle=line, linewidth=2, label=label)
        right.plot([0, 1], [0, 1], color=INK, linewidth=0.7, label="guessing: AUC 0.5")
        right.set(xlabel="non-edges above the threshold", ylabel="edges above the threshold")
        right.set_title("ROC curve")
        for axes in (left, right):
            axes.legend(fontsize=8, loc="lower right" if axes is right else "upper right")

    alt = (
        "Left: how the scores of hidden test edges, of the split's negatives and of user-artist "
        f"negatives are spread. Right: the ROC curves; the AUC is {aucs[0]:.3f} against the "
        f"split's negatives and {aucs[1]:.3f} against user-artist negatives."
    )
    return Picture(draw, 9, 3.8, alt)


def _short(node: Any) -> str:
    """A short name of a node, such as `u2` for `("user", 2)`."""
    return f"{node[0][0]}{node[1]}" if isinstance(node, tuple) and len(node) == 2 else str(node)


def _ends(edge: tuple[int, int]) -> tuple[str, str]:
    return f"u{edge[0]}", f"a{edge[1]}"


def _place(name: str) -> tuple[float, float]:
    """Users on the left, artists on the right, both centred."""
    rows = 3 if name[0] == "u" else 4
    return (0.0 if name[0] == "u" else 1.0), (rows - 1) / 2 - (int(name[1:]) - 1)


def _edge(axes: Axes, edge: tuple[int, int], shift: float = 0, **look: Any) -> None:
    (x1, y1), (x2, y2) = map(_place, _ends(edge))
    axes.plot([x1, x2], [y1 + shift, y2 + shift], zorder=1, **look)


def _toy_nodes(axes: Axes, reached: Iterable[str] | None = None) -> None:
    """The toy's nodes; those that are not `reached` are pale."""
    for name in dict.fromkeys(name for edge in TOY for name in _ends(edge)):
        on = reached is None or name in reached
        shape, color = ("o", USER) if name[0] == "u" else ("s", ARTIST)
        x, y = _place(name)
        face = color if on else PALE
        axes.plot([x], [y], shape, markersize=20, color=face, markeredgecolor=color, zorder=2)
        axes.text(x, y, name, **LABEL)
    axes.margins(0.25)
    axes.set_axis_off()


def _legend(figure: Figure) -> None:
    """One line for each kind of edge, below the drawings."""
    seen = {str(line.get_label()): line for axes in figure.axes for line in axes.lines}
    lines = [line for label, line in seen.items() if not label.startswith("_")]
    figure.legend(handles=lines, loc="outside lower center", ncols=2)
