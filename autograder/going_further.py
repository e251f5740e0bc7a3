"""The checks and hints of notebook seven, which gives no points: `check("step7.ranking")`.

`autograder.notebook` calls it. The checks run the student's functions in his own kernel: nothing
is graded here, so nothing has to be kept from him.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.reports.cell import Report
from autograder.rules.outcome import Check, Message, Outcome
from recommenders import Interactions, measure, metrics, recommend
from recommenders.base import Recommender
from recommenders.lesson import ABLATIONS
from recommenders.models import RECOMMENDERS

Look = Callable[[Any, Mapping[str, Any]], Message | None]  # the student's object, all his names


@dataclass(frozen=True)
class Part:
    """One exercise: the name it asks for, how that is looked at, and hints, the vaguest first."""

    name: str
    title: str
    look: Look
    hints: tuple[str, ...]


class UngradedReport(Report):
    """The report of an exercise without points."""

    @property
    def title(self) -> str:
        cells = ", ".join(dict.fromkeys(outcome.check.cell for outcome in self.outcomes))
        if all(outcome.status == "not_attempted" for outcome in self.outcomes):
            return f"{cells}: not attempted yet (no points)"
        passed = sum(outcome.status == "passed" for outcome in self.outcomes)
        return f"{cells}: {passed} of {len(self.outcomes)} checks (no points)"


def check(what: str, names: Mapping[str, Any]) -> Report:
    """Look at one part (`step7.ranking`) or all of them (`step7`) in a notebook's names.

    Raises:
        ValueError: there is no such part.
    """
    keys = [key for key in PARTS if what in (key, "step7")]
    if not keys:
        raise ValueError(f"check({what!r}): no such part; there are {', '.join(PARTS)}")
    return UngradedReport([_outcome(key, part, names) for key in keys for part in PARTS[key]])


def _outcome(key: str, part: Part, names: Mapping[str, Any]) -> Outcome:
    check = Check(f"{key}.{part.name}", key, part.title, 0.0)
    value = names.get(part.name)
    if value is None:
        return Outcome(check, "not_attempted")
    try:
        problem = part.look(value, names)
    except NotImplementedError:
        return Outcome(check, "not_attempted")
    except KeyError as error:
        if error.args[0] not in GIVEN:
            return _raised(check, part, error)
        said = Message(
            expected=f"`{error.args[0]}`, from the first cells of the notebook",
            next="Run the notebook from the top, up to here.",
        )
        return Outcome(check, "blocked", said)
    except Exception as error:  # whatever a student's code raises
        return _raised(check, part, error)
    return Outcome(check, "failed" if problem else "passed", problem or Message())


def _raised(check: Check, part: Part, error: Exception) -> Outcome:
    said = Message(
        ran=f"`{part.name}`",
        got=f"{type(error).__name__}: {error}",
        next="Read the last line of the error; call it yourself in a new cell.",
    )
    return Outcome(check, "student_error", said)


def _some_users(train: Interactions) -> list[int]:
    return [0, train.n_users // 2, train.n_users - 1]


def _names(ten_names: Any, names: Mapping[str, Any]) -> Message | None:
    train, model, all_names = names["train"], names["model"], names["names"]
    for user in _some_users(train):
        got = list(ten_names(user))
        expected = [all_names[artist] for artist in recommend(model, train, user)]
        if got == expected:
            continue
        heard = {all_names[artist] for artist in train.artist[train.user == user]}
        known = [name for name in got if name in heard]
        why = "The first ten in the order of the scores are the recommendation."
        if known:
            why = f"{known[0]!r} is an artist whom this user knows already."
        elif sorted(map(str, got)) == sorted(expected):
            why = "These are the right ten in another order: the highest score comes first."
        return Message(
            ran=f"`ten_names({user})`",
            expected=f"{len(expected)} names, {', '.join(expected[:3])} first",
            got=f"{len(got)} names, {', '.join(map(str, got[:3]))} first",
            why=why,
            next="Set known artists to minus infinity, then sort from high to low.",
        )
    return None


def _because(because: Any, names: Mapping[str, Any]) -> Message | None:
    train, model = names["train"], names["model"]
    heard = train.matrix()
    for user in _some_users(train):
        known = train.artist[train.user == user]
        for artist in recommend(model, train, user, 3).tolist():
            got = because(user, artist)
            shared = (heard[:, known].T @ heard[:, [artist]]).toarray().ravel()
            if got not in known:
                wrong = f"{got!r}, which is no artist that user {user} knows"
            elif shared[known.tolist().index(got)] < shared.max():
                count = shared[known.tolist().index(got)]
                wrong = f"artist {got}, with {count:.0f} listeners in common"
            else:
                continue
            return Message(
                ran=f"`because({user}, {artist})`",
                expected=f"a known artist with {shared.max():.0f} listeners in common, the most",
                got=wrong,
                why="Listeners in common are the paths of length two between both artists.",
                next="Count, for each known artist, the users who listen to both.",
            )
    return None


def _ranking(kind: str) -> Look:
    def look(function: Any, names: Mapping[str, Any]) -> Message | None:
        random = np.random.default_rng(0)
        toy = ([4, 2, 9, 7, 5], {4, 7, 1})
        cases = [toy, (list(range(20)), {99})]
        cases += [(_order(random), _some(random)) for _ in range(20)]
        for ranked, held_out in cases:
            hit = np.isin(ranked, list(held_out))[None]
            count = np.array([len(held_out)])
            expected = float({"recall": metrics.recall, "ndcg": metrics.ndcg}[kind](hit, count)[0])
            got = float(function(list(ranked), set(held_out)))
            if abs(got - expected) < 1e-6:
                continue
            return Message(
                ran=f"`{function.__name__}({ranked}, {sorted(held_out)})`",
                expected=f"{expected:.4f}",
                got=f"{got:.4f}{_guess(kind, got, hit[0], len(held_out))}",
                why="Both say how well the top of a ranking finds what was held out.",
                next="Work the case out on paper, place by place.",
            )
        return None

    return look


def _order(random: np.random.Generator) -> list[int]:
    return random.permutation(40)[:20].tolist()


def _some(random: np.random.Generator) -> set[int]:
    return set(random.permutation(40)[: random.integers(1, 30)].tolist())


def _guess(kind: str, got: float, hit: Any, count: int) -> str:
    """What the number would be right for."""
    k = len(hit)
    places = np.arange(1, k + 1)
    ideal = (1 / np.log2(np.arange(1, min(count, k) + 1) + 1)).sum()
    others = {
        "recall": {
            ": these are the hits over the length of the list, which is precision": hit.mean(),
            ": this is 1 or 0, for a hit anywhere": float(hit.any()),
        },
        "ndcg": {
            ": this is DCG, not yet over the best that was possible": (
                (hit / np.log2(places + 1)).sum()
            ),
            ": the ideal has a hit at every place here, even where fewer were held out": (
                (hit / np.log2(places + 1)).sum() / (1 / np.log2(places + 1)).sum()
            ),
            ": the logarithm is of the place plus 2 here; of 2 at the first place": (
                (hit / np.log2(places + 2)).sum() / ideal
            ),
        },
    }[kind]
    return next((text for text, value in others.items() if abs(value - got) < 1e-6), "")


def _negatives(fair_negatives: Any, names: Mapping[str, Any]) -> Message | None:
    train = names["train"]
    torch.manual_seed(0)
    pairs, again = fair_negatives(train, 4000), fair_negatives(train, 4000)
    said = {"ran": "`fair_negatives(train, 4000)`"}
    shape = list(pairs.shape) if isinstance(pairs, Tensor) else type(pairs).__name__
    if not isinstance(pairs, Tensor) or pairs.dim() != 2 or pairs.size(0) != 2:
        return Message(
            **said,
            expected="a tensor [2, 4000]",
            got=f"{shape}",
            next="Stack the users over the artists: torch.stack([users, artists]).",
        )
    user, artist = pairs.numpy()
    users, nodes = train.n_users, train.num_nodes
    if not ((user >= 0) & (user < users) & (artist >= users) & (artist < nodes)).all():
        return Message(
            **said,
            expected=f"users 0 to {users - 1} in row 0, artists {users} to {nodes - 1} in row 1",
            got=f"row 0 from {user.min()} to {user.max()}, row 1 from {artist.min()} to "
            f"{artist.max()}",
            why="A pair of two artists is a question that no recommender is asked.",
            next="Artists follow the users as nodes: the first one is node n_users.",
        )
    if not 3600 <= len(user) <= 4000:
        return Message(**said, expected="about 4000 pairs", got=f"{len(user)} pairs")
    if torch.equal(pairs, again):
        return Message(
            **said,
            expected="other pairs at each call",
            got="twice the same",
            why="With the same negatives in every epoch the model learns those by heart.",
            next="Do not seed inside the function.",
        )
    share = float(np.asarray(train.matrix()[user, artist - users]).mean())
    possible = len(train) / (users * train.n_artists)
    if share > 2 * possible + 0.01:
        return Message(
            **said,
            expected="pairs that are hardly ever an edge",
            got=f"{share:.0%} are training edges",
            why="An edge as a negative tells the model the opposite of what it shall learn.",
            next="Draw both ends at random, independently of each other.",
        )
    heard = np.concatenate([artist, again.numpy()[1]]) - users
    mean = train.listeners()[heard].mean() / train.listeners().mean()
    if len(np.unique(user)) < 0.9 * users or not 0.85 < mean < 1.15:
        return Message(
            **said,
            expected="every user and every artist equally often",
            got=f"{len(np.unique(user))} of {users} users; artists with {mean:.2f} times the mean "
            "number of listeners",
            next="torch.randint draws all numbers from low to high - 1 equally often.",
        )
    return None


def _messages(without: Any, names: Mapping[str, Any]) -> Message | None:
    both = torch.tensor([[0, 0, 1, 1, 4, 5, 3, 4], [4, 5, 3, 4, 0, 0, 1, 1]])  # of the toy graph
    cases = [(both, torch.tensor([[0], [5]]), 6), (both, torch.tensor([[0, 1], [4, 4]]), 4)]
    cases.append((both, torch.empty(2, 0, dtype=torch.long), 8))
    for edge_index, pairs, left in cases:
        got = without(edge_index, pairs)
        gone = set(map(tuple, pairs.t().tolist())) | set(map(tuple, pairs.flip(0).t().tolist()))
        expected = {tuple(edge) for edge in edge_index.t().tolist()} - gone
        edges = list(map(tuple, got.t().tolist()))
        if sorted(edges) == sorted(expected):
            continue
        why = "A message may travel along an edge in both directions: both have to go."
        if expected - set(edges):
            why = "Edges that nobody asks about have to stay."
        return Message(
            ran=f"`without` on 4 edges, stored both ways, and the pairs {pairs.t().tolist()}",
            expected=f"{left} directed edges",
            got=f"{len(edges)}: {edges}",
            why=why,
            next="Give each pair one number, source * n + destination, and look it up: torch.isin.",
        )
    return None


def _listens(listen_weights: Any, names: Mapping[str, Any]) -> Message | None:
    train = names["train"]
    got = np.asarray(listen_weights(train), dtype=float)
    said = {"ran": "`listen_weights(train)`"}
    if got.shape != (len(train),):
        return Message(**said, expected=f"{len(train)} weights", got=f"shape {got.shape}")
    log = np.log1p(train.listens)
    expected = log / np.bincount(train.user, log)[train.user] * np.bincount(train.user)[train.user]
    if np.allclose(got, expected, rtol=1e-4):
        return None
    at = int(np.argmax(np.abs(got - expected)))
    mean = got[train.user == train.user[at]].mean()
    why = "A user who listens a lot must not count more than one who listens little."
    if abs(mean - 1) < 1e-3:
        why = "One very large count must not outweigh all others: the logarithm tames it."
    return Message(
        **said,
        expected=f"{expected[at]:.3f} for edge {at}: log(1 + {train.listens[at]}) over the mean of "
        "this user's logarithms",
        got=f"{got[at]:.3f}; the mean over this user's edges is {mean:.3f}",
        why=why,
        next="np.bincount(user, values) adds up values for each user.",
    )


def _lightgcn(lightgcn: Any, names: Mapping[str, Any]) -> Message | None:
    from torch_geometric.nn.models import LightGCN

    train = names["train"]
    torch.manual_seed(0)
    edge_index = train.edge_index()
    for layers in (1, 2, 3):
        model = LightGCN(train.num_nodes, 4, layers)
        with torch.no_grad():
            expected = model.get_embedding(edge_index)
            x = model.embedding.weight.detach()
            got = lightgcn(x, edge_index, layers)
        if got.shape == expected.shape and torch.allclose(got, expected, atol=1e-4):
            continue
        text = f"PyG's own numbers, {list(expected.shape)}"
        off = "" if got.shape != expected.shape else f", off by {(got - expected).abs().max():.2g}"
        return Message(
            ran=f"`lightgcn(x, edge_index, {layers})`, beside PyG's LightGCN with the same x",
            expected=text,
            got=f"{list(got.shape)}{off}",
            why="The result is the mean of x and of what each layer gives: layers + 1 terms.",
            next="Weigh each edge by 1 / sqrt(degree of one end * degree of the other), then add "
            "up with index_add.",
        )
    return None


def _ablations(predicted: Any, names: Mapping[str, Any]) -> Message | None:
    if isinstance(predicted, list | tuple) and sorted(predicted) == sorted(ABLATIONS):
        return None
    return Message(
        ran="`predicted`",
        expected=f"each of {', '.join(map(repr, ABLATIONS))} once, the best Recall@20 first",
        got=f"{predicted!r}",
        why="A prediction that was not made cannot be wrong, and nothing is learned from it.",
        next="Copy the names and put them into your order.",
    )


def _mine(kind: Any, names: Mapping[str, Any]) -> Message | None:
    ask = names["ask"]
    if not (inspect.isclass(kind) and issubclass(kind, Recommender)):
        return Message(ran="`Mine`", expected="a class that inherits from Recommender")
    scores = [np.asarray(kind(0).fit(ask.train).scores([0, 1])) for _ in range(2)]
    if scores[0].shape != (2, ask.train.n_artists) or not np.isfinite(scores[0]).all():
        return Message(
            ran="`Mine().fit(train).scores([0, 1])`",
            expected=f"finite numbers, [2, {ask.train.n_artists}]",
            got=f"shape {scores[0].shape}",
            next="One row a user, one column an artist, in the order of their indices.",
        )
    if not np.allclose(scores[0], scores[1]):
        return Message(
            ran="`Mine(0)`, fitted twice",
            expected="the same scores",
            got=f"scores that differ by up to {np.abs(scores[0] - scores[1]).max():.2g}",
            why="A result that cannot be repeated cannot be compared.",
            next="Draw random numbers with torch or NumPy in `learn`; `fit` has seeded them.",
        )
    mine, popularity = measure(kind(0), ask), measure(RECOMMENDERS["popularity"](), ask)
    if mine.recall <= popularity.recall:
        return Message(
            ran="`Mine` on the validation edges",
            expected=f"a Recall@20 above {popularity.recall:.3f}, that of popularity",
            got=f"{mine.recall:.3f}",
            why="What does not beat popularity has learned nothing about the user.",
            next="Begin with LessonGNN or SVD and change one thing.",
        )
    return None


GIVEN = ("train", "model", "names", "ask")
PARTS: dict[str, tuple[Part, ...]] = {
    "step7.names": (
        Part(
            "ten_names",
            "Ten artists whom the user does not know, best first",
            _names,
            (
                "Which artists must not be recommended, however high their score?",
                "`train.artist[train.user == user]` are those that the user knows.",
                "`np.argsort(-scores)` are the artists from high to low.",
            ),
        ),
        Part(
            "because",
            "The known artist with the most listeners in common",
            _because,
            (
                "Who listens to `artist`? And what else do these people listen to?",
                "`heard = train.matrix()` is [n_users, n_artists]; `heard[:, [artist]]` is one "
                "column.",
                "`heard.T @ heard[:, [artist]]` holds, for every artist, the listeners in common.",
            ),
        ),
    ),
    "step7.ranking": (
        Part(
            "recall_by_hand",
            "Recall: which share of what was held out is in the list",
            _ranking("recall"),
            (
                "Count the hits. Over what do you divide: over the list, or over what was held "
                "out?",
                "`len(held_out & set(ranked))` are the hits.",
            ),
        ),
        Part(
            "ndcg_by_hand",
            "NDCG: hits high up count more",
            _ranking("ndcg"),
            (
                "The first place is worth 1 / log2(2) = 1, the second 1 / log2(3).",
                "The best that was possible: all hits at the top, as many as were held out, and "
                "at most as many as there are places.",
            ),
        ),
    ),
    "step7.negatives": (
        Part(
            "fair_negatives",
            "Negatives between a user and an artist",
            _negatives,
            (
                "Which node numbers are users', and which are artists'?",
                "`torch.randint(low, high, (count,))` draws from low to high - 1.",
                "The artists are the nodes from `train.n_users` to `train.num_nodes` - 1.",
            ),
        ),
    ),
    "step7.messages": (
        Part(
            "without",
            "Messages without the pairs that are asked about",
            _messages,
            (
                "An edge is stored in both directions. How many columns does a pair cost?",
                "Give each column one number, such as source * n + destination.",
                "`~torch.isin(a, b)` says for each entry of a that it is not in b.",
            ),
        ),
    ),
    "step7.listens": (
        Part(
            "listen_weights",
            "Weights from listen counts, with mean 1 for each user",
            _listens,
            (
                "Take the logarithm of 1 + the count first.",
                "Then divide by the mean over the edges of the same user.",
                "`np.bincount(train.user, values)` adds up for each user; alone it counts.",
            ),
        ),
    ),
    "step7.lightgcn": (
        Part(
            "lightgcn",
            "LightGCN gives what PyG's own gives",
            _lightgcn,
            (
                "There is no weight and no ReLU: a layer is a weighted sum over the neighbours.",
                "The weight of an edge is 1 / sqrt(degree of source * degree of destination).",
                "`torch.zeros_like(x).index_add(0, destination, messages)` sums up the messages.",
            ),
        ),
    ),
    "step7.ablations": (
        Part(
            "predicted",
            "An order was predicted, before it was measured",
            _ablations,
            ("Ask of each part what it is there for, and who would miss it on 8,000 edges.",),
        ),
    ),
    "step7.mine": (
        Part(
            "Mine",
            "A recommender of your own that beats popularity",
            _mine,
            (
                "Let it inherit from LessonGNN and hand other arguments to `super().__init__`.",
                "Or add up the scores of two models: they err in different places.",
            ),
        ),
    ),
}
HINTS: dict[str, tuple[str, ...]] = {
    key: tuple(hint for part in parts for hint in part.hints) for key, parts in PARTS.items()
}
