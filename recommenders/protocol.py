"""The one protocol: every recommender is fitted on the same edges and asked the same questions.

`measure` fits, scores and counts; the benchmark and the tests call it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recommenders import metrics
from recommenders.base import Recommender
from recommenders.interactions import Interactions, Ints, Split

K = 20  # recommendations for a user
BATCH = 256  # users scored at a time: memory stays flat however many there are


@dataclass(frozen=True)
class Result:
    """One recommender on one split. Seconds are of the processor, on all threads together."""

    warm_auc: float  # against user-artist pairs, drawn uniformly
    matched_auc: float  # against the same user's non-edges, artists drawn by popularity
    recall: float  # Recall@20
    ndcg: float  # NDCG@20
    mrr: float
    coverage: float  # of all artists, those that anyone gets
    unpopular: float  # of all recommendations, those from the long tail
    fit_seconds: float
    score_seconds: float


@dataclass(frozen=True)
class Questions:
    """What a recommender is asked: held-out edges of one part, and non-edges, drawn by seed."""

    train: Interactions
    known: Interactions  # masked in every ranking
    asked: Interactions  # the held-out edges
    warm: Interactions  # those of them whose artist has a training edge
    uniform: tuple[Ints, Ints]  # users, artists [P]
    matched: tuple[Ints, Ints]  # users, artists [P]
    order: Ints  # [n_artists], a shuffle: ties go to no one in particular

    @property
    def unseen(self) -> float:
        """The share of held-out edges whose artist has no training edge: nobody can rank them."""
        return 1 - len(self.warm) / len(self.asked)


def questions(split: Split, part: str = "test") -> Questions:
    """The questions of one part, "test" or "val". Training edges are known, and so are
    validation edges once it is about the test edges.
    """
    train = split.train
    asked = split.test if part == "test" else split.val
    known = _union(train, split.val) if part == "test" else train
    every_edge = _union(train, split.val, split.test)
    listeners = train.listeners()
    warm = asked.take(listeners[asked.artist] > 0)
    random = np.random.default_rng([split.seed, 1])
    seen = np.flatnonzero(listeners)
    share = listeners / listeners.sum()
    uniform = _non_edges(
        random.integers(0, train.n_users, len(warm)),
        lambda n: random.choice(seen, n),
        every_edge,
    )
    matched = _non_edges(
        warm.user, lambda n: random.choice(train.n_artists, n, p=share), every_edge
    )
    order = random.permutation(train.n_artists)
    return Questions(train, known, asked, warm, uniform, matched, order)


def measure(model: Recommender, ask: Questions) -> Result:
    """Fit on the training edges, score all users that are asked about, and count."""
    begin = time.process_time()
    model.fit(ask.train)
    fitted = time.process_time()
    scored = 0.0
    known, asked = ask.known.matrix(), ask.asked.matrix()
    users = np.unique(ask.asked.user)
    pairs = [(ask.warm.user, ask.warm.artist), ask.uniform, ask.matched]
    answers = [np.empty(len(user), np.float32) for user, _ in pairs]
    tops, per_user = [], []
    for batch in np.array_split(np.arange(model.n_users), -(-model.n_users // BATCH)):
        start = time.process_time()
        scores = model.scores(batch)  # [B, n_artists]
        scored += time.process_time() - start
        for (user, artist), answer in zip(pairs, answers, strict=True):
            here = (user >= batch[0]) & (user <= batch[-1])
            answer[here] = scores[user[here] - batch[0], artist[here]]
        rows = np.intersect1d(batch, users)
        if len(rows):
            is_known = known[rows].toarray()[:, ask.order] > 0  # [B, n_artists]
            positive = asked[rows].toarray()[:, ask.order] > 0
            shuffled = scores[rows - batch[0]][:, ask.order]
            top = metrics.top_k(shuffled, is_known, K)
            hit = np.take_along_axis(positive, top, axis=1) & (top >= 0)
            count = positive.sum(axis=1)
            ranks = metrics.reciprocal_rank(shuffled, is_known, positive)
            tops.append(np.where(top >= 0, ask.order[top], -1))
            per_user.append([metrics.recall(hit, count), metrics.ndcg(hit, count), ranks])
    recall, ndcg, mrr = np.concatenate(per_user, axis=1).mean(axis=1)
    top = np.concatenate(tops)
    tail = metrics.long_tail(ask.train.listeners())
    return Result(
        warm_auc=metrics.auc(answers[0], answers[1]),
        matched_auc=metrics.auc(answers[0], answers[2]),
        recall=float(recall),
        ndcg=float(ndcg),
        mrr=float(mrr),
        coverage=metrics.coverage(top, model.n_artists),
        unpopular=float(tail[top[top >= 0]].mean()),
        fit_seconds=fitted - begin,
        score_seconds=scored,
    )


def warm_auc(model: Recommender, ask: Questions) -> float:
    """The warm AUC of a recommender that has been fitted."""
    answers = []
    for user, artist in ((ask.warm.user, ask.warm.artist), ask.uniform):
        users, row = np.unique(user, return_inverse=True)
        answer = np.empty(len(user), np.float32)
        for batch in np.array_split(np.arange(len(users)), -(-len(users) // BATCH)):
            here = (row >= batch[0]) & (row <= batch[-1])
            answer[here] = model.scores(users[batch])[row[here] - batch[0], artist[here]]
        answers.append(answer)
    return metrics.auc(*answers)


def _non_edges(users: Ints, draw: Callable[[int], Ints], edges: Interactions) -> tuple[Ints, Ints]:
    """An artist without an edge for each user; a user who leaves none is dropped."""
    is_edge = edges.matrix()
    artists = draw(len(users))
    again = np.arange(len(users))
    for _ in range(100):
        again = again[np.asarray(is_edge[users[again], artists[again]]).ravel() > 0]
        if not len(again):
            break
        artists[again] = draw(len(again))
    kept = np.delete(np.arange(len(users)), again)
    return users[kept], artists[kept]


def _union(*parts: Interactions) -> Interactions:
    return Interactions(
        user=np.concatenate([part.user for part in parts]),
        artist=np.concatenate([part.artist for part in parts]),
        listens=np.concatenate([part.listens for part in parts]),
        n_users=parts[0].n_users,
        n_artists=parts[0].n_artists,
    )
