"""The protocol: no leak between the parts, fair questions, the same for all by seed."""

from __future__ import annotations

import numpy as np
import pytest

from recommenders import Interactions, RecommenderError, measure, questions, split
from recommenders.models import RECOMMENDERS


def pairs(edges) -> set[tuple[int, int]]:
    user, artist = edges if isinstance(edges, tuple) else (edges.user, edges.artist)
    return set(zip(user.tolist(), artist.tolist(), strict=True))


def test_the_split_is_80_10_10_without_overlap(sample, parts):
    train, val, test = (pairs(part) for part in (parts.train, parts.val, parts.test))
    assert train | val | test == pairs(sample)
    assert (len(train), len(val), len(test)) == (6400, 800, 800)
    assert len(train) + len(val) + len(test) == len(sample), "no edge is in two parts"


def test_the_split_keeps_each_edges_listen_count(sample, parts):
    whole = sample.matrix(sample.listens)
    for part in (parts.train, parts.val, parts.test):
        assert (np.asarray(whole[part.user, part.artist]).ravel() == part.listens).all()


def test_the_split_is_that_of_step_3(sample):
    """The same edges as RandomLinkSplit gives a student who seeds with the same number."""
    import torch
    import torch_geometric.transforms as T
    from torch_geometric import seed_everything
    from torch_geometric.data import Data

    seed_everything(3)
    transform = T.RandomLinkSplit(
        num_val=0.1,
        num_test=0.1,
        is_undirected=True,
        add_negative_train_samples=False,
        split_labels=True,
    )
    data = Data(x=torch.arange(sample.num_nodes), edge_index=sample.edge_index())
    theirs = transform(data)[2].pos_edge_label_index.numpy()
    ours = split(sample, seed=3).test
    assert pairs((theirs[0], theirs[1] - sample.n_users)) == pairs(ours)


def test_same_seed_same_questions_other_seed_others(sample):
    first, same, other = (questions(split(sample, seed)) for seed in (1, 1, 2))
    assert pairs(first.asked) == pairs(same.asked) != pairs(other.asked)
    for name in ("uniform", "matched"):
        assert np.array_equal(getattr(first, name), getattr(same, name))


@pytest.mark.parametrize("part", ["val", "test"])
def test_negatives_are_no_edges_and_their_artists_are_warm(sample, parts, part):
    ask = questions(parts, part)
    seen = set(parts.train.artist.tolist())
    for drawn in (ask.uniform, ask.matched):
        assert not pairs(drawn) & pairs(sample)
        assert set(drawn[1].tolist()) <= seen
        assert len(drawn[0]) > 0.99 * len(ask.warm)
    assert set(ask.warm.artist.tolist()) <= seen


def test_matched_negatives_are_as_popular_as_the_edges(parts):
    ask, listeners = questions(parts), parts.train.listeners()
    uniform = listeners[ask.uniform[1]].mean()
    matched, asked = listeners[ask.matched[1]].mean(), listeners[ask.warm.artist].mean()
    assert matched == pytest.approx(asked, rel=0.1)
    assert uniform < 0.7 * matched


def test_what_is_known_is_masked(parts):
    test, val = questions(parts), questions(parts, "val")
    assert pairs(test.known) == pairs(parts.train) | pairs(parts.val)
    assert pairs(val.known) == pairs(parts.train)
    assert pairs(test.train) == pairs(val.train) == pairs(parts.train)


def test_unseen_artists_are_counted():
    """Ten users, each alone with an artist: what is held out was never seen."""
    alone = np.arange(20)
    edges = Interactions(alone, alone, np.ones(20, np.int64), n_users=20, n_artists=20)
    assert len(split(edges, 0).test) == 2
    with_friends = Interactions(
        np.concatenate([alone, alone]),
        np.concatenate([alone, (alone + 1) % 20]),
        np.ones(40, np.int64),
        n_users=20,
        n_artists=20,
    )
    ask = questions(split(with_friends, 0))
    seen = np.isin(ask.asked.artist, ask.train.artist)
    assert ask.unseen == pytest.approx(1 - seen.mean())


def test_an_oracle_gets_all_and_its_opposite_nothing(parts, sample, fixed):
    truth = sample.matrix().toarray()
    ask = questions(parts)
    best, worst = measure(fixed(truth), ask), measure(fixed(-truth), ask)
    assert best.warm_auc == best.matched_auc == best.mrr == best.ndcg == 1.0
    assert worst.warm_auc == worst.matched_auc == worst.recall == 0.0


def test_rules_without_taste_get_one_half(parts):
    ask = questions(parts)
    assert measure(RECOMMENDERS["side"](), ask).warm_auc == 0.5
    assert measure(RECOMMENDERS["random"](), ask).warm_auc == pytest.approx(0.5, abs=0.05)
    assert measure(RECOMMENDERS["popularity"](), ask).matched_auc == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("edges", [0, 1, 9])
def test_too_few_edges_to_split(edges):
    few = np.arange(edges)
    with pytest.raises(RecommenderError, match=f"{edges} edges are too few to split"):
        split(Interactions(few, few, np.ones(edges, np.int64), 10, 10), seed=0)
