"""Each recommender: the interface, repeatable by seed, better than popularity, clear errors."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pytest

from recommenders import Interactions, RecommenderError, measure, questions, recommend
from recommenders.models import RECOMMENDERS, ImplicitALS

NO_TASTE = {"random", "side", "popularity"}
TRAINED = {"bpr", "lightgcn", "gnn", "gnn_tuned", "gnn_filtered"}
NAMES = [name for name in RECOMMENDERS if name != "als" or ImplicitALS.available()]


def short(name: str, seed: int = 0):
    """The recommender with few epochs, where it has any."""
    return RECOMMENDERS[name](seed, epochs=3) if name in TRAINED else RECOMMENDERS[name](seed)


@pytest.mark.parametrize("name", NAMES)
def test_the_interface(name, parts):
    model = short(name)
    assert model.fit(parts.train) is model
    scores = model.scores([3, 0, 3])
    assert scores.shape == (3, parts.train.n_artists) and scores.dtype == np.float32
    assert np.isfinite(scores).all()
    if name != "random":
        assert scores[0] == pytest.approx(scores[2], abs=1e-4), "a user's scores are the user's"
        assert model.scores([0])[0] == pytest.approx(scores[1], abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_scores(name, parts):
    users = np.arange(20)
    first, second = (short(name, 1).fit(parts.train).scores(users) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("name", sorted(TRAINED & set(NAMES)))
def test_other_seed_other_scores(name, parts):
    first, second = (short(name, seed).fit(parts.train).scores([0]) for seed in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", sorted(set(NAMES) - NO_TASTE - TRAINED))
def test_it_beats_popularity_on_the_sample(name, parts):
    ask = questions(parts)
    model, popularity = (measure(RECOMMENDERS[each](), ask) for each in (name, "popularity"))
    assert model.recall > 2 * popularity.recall
    assert model.warm_auc > popularity.warm_auc + 0.1
    assert model.matched_auc > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TRAINED))
def test_a_trained_one_beats_popularity_on_the_sample(name, parts):
    ask = questions(parts)
    model, popularity = (measure(RECOMMENDERS[each](), ask) for each in (name, "popularity"))
    assert model.recall > 1.5 * popularity.recall
    assert model.warm_auc > popularity.warm_auc + 0.1
    assert model.matched_auc > 0.7


def test_ease_in_user_space_is_the_papers_formula(parts):
    """The paper's own ten lines, with the artist-artist inverse."""
    x = parts.train.matrix().toarray().astype(np.float64)
    model = RECOMMENDERS["ease"](ridge=50.0).fit(parts.train)
    gram = x.T @ x + 50.0 * np.eye(x.shape[1])
    p = np.linalg.inv(gram)
    weights = p / -np.diag(p)
    np.fill_diagonal(weights, 0)
    assert model.scores(np.arange(len(x))) == pytest.approx(x @ weights, abs=1e-4)


def test_item_knn_is_a_plain_loop(toy):
    model = RECOMMENDERS["itemknn"](k=2, shrink=0.0).fit(toy)
    x = toy.matrix().toarray()
    norm = np.sqrt(x.sum(axis=0))
    cosine = x.T @ x / np.outer(norm, norm)
    np.fill_diagonal(cosine, 0)
    for row in cosine:
        row[np.argsort(-row, kind="stable")[2:]] = 0
    kept = np.sort(cosine, axis=1)[:, -2:]
    assert np.sort(kept[:, 0])[0] >= 0
    ours = model.scores([0, 1, 2])
    assert ours.shape == (3, 4)
    assert ours[2, 0] == pytest.approx(x[2] @ cosine[0], abs=1e-6)


def test_popularity_counts_training_listeners(toy):
    assert RECOMMENDERS["popularity"]().fit(toy).scores([0]).tolist() == [[1, 3, 1, 1]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("user", [-1, 3, 10**9])
def test_a_user_who_is_not_there(name, user, toy):
    model = short(name).fit(toy)
    with pytest.raises(RecommenderError, match=f"no user {user}: users are numbered 0 to 2"):
        model.scores([0, user])


@pytest.mark.parametrize("users", [[0.5], ["0"], [[0, 1]]])
def test_users_that_are_no_indices(users, toy):
    with pytest.raises(RecommenderError, match="whole numbers"):
        RECOMMENDERS["popularity"]().fit(toy).scores(users)


def test_scores_before_fit():
    with pytest.raises(RecommenderError, match="before `fit`"):
        RECOMMENDERS["popularity"]().scores([0])


@pytest.mark.parametrize("name", NAMES)
def test_too_few_interactions(name, toy):
    for rows in ([], [0]):
        with pytest.raises(RecommenderError, match=f"{len(rows)} edges .* too few to learn from"):
            short(name).fit(toy.take(np.array(rows, dtype=int)))


def test_edges_of_users_who_are_not_there():
    with pytest.raises(RecommenderError, match="user indices run from 0 to 5"):
        Interactions(np.array([0, 5]), np.array([0, 1]), np.ones(2, np.int64), 3, 4)


def test_recommend_leaves_out_what_is_known_and_ranks_the_rest(toy):
    model = RECOMMENDERS["popularity"]().fit(toy)
    assert recommend(model, toy, user=1).tolist() == [2, 3], "artists 0 and 1 are known"
    assert recommend(model, toy, user=1, k=1).tolist() == [2]


def test_a_user_who_knows_all_artists(toy):
    everything = Interactions(
        np.zeros(4, np.int64), np.arange(4), np.ones(4, np.int64), n_users=3, n_artists=4
    )
    model = RECOMMENDERS["popularity"]().fit(toy)
    with pytest.raises(RecommenderError, match="user 0 knows all 4 artists"):
        recommend(model, everything, user=0)


@pytest.mark.parametrize("kind", RECOMMENDERS.values(), ids=RECOMMENDERS)
def test_each_is_short_and_says_where_it_comes_from(kind):
    assert len(Path(inspect.getfile(kind)).read_text().splitlines()) < 60
    if kind.title not in ("random", "side rule"):
        assert kind.__doc__ and any(str(year) in kind.__doc__ for year in range(2000, 2027))


def test_the_filter_is_its_eigenvalues_damped(parts):
    """K (K + r)^-1 N, written out with an eigendecomposition."""
    model = RECOMMENDERS["gnn_filtered"](epochs=1).fit(parts.train)
    normal = model.normal.toarray().astype(np.float64)
    values, vectors = np.linalg.eigh(normal @ normal.T)
    damped = values / (values + model.cut * values[-2])
    expected = (vectors * damped) @ vectors.T @ normal * model.damp
    assert model.filter(np.arange(len(normal))) == pytest.approx(expected, abs=1e-3)
