"""Our answers to the questions at the end of each notebook, for students who have thought first."""

from __future__ import annotations

import textwrap

from autograder.inside.session import NotebookProblem

ANSWERS = {
    "step1.think": """
        A high count says that the user likes the artist, but also how much the user listens at
        all, since when the artist is known to them, and that an album has more tracks than a
        single. So counts of different users are hard to compare; a share of the user's own plays,
        or a logarithm, is safer than the raw number.

        A single play is weak evidence: it may be a song in a playlist that was skipped. Still, of
        all the artists that there are the user met this one, so it is more evidence *for* than
        against. This is why treating all rows alike is a fair start, and why weights are a fair
        improvement. Hu, Koren and Volinsky give each row a *confidence* that grows with the count.
    """,
    "step2.think": """
        User 2 and artist 2 would be one node, so user 2 would inherit the listeners of artist 2
        as neighbours. User 2 could be recommended other *users'* numbers, read as artists, and
        artists that the fans of artist 2 like. Every list would look plausible: they are real
        artists. Nobody would notice by looking at the result.

        One line that catches it: `assert G.number_of_nodes() == n_users + n_artists`. Others
        would do as well: no edge joins a node to itself, or each edge joins the two sides.
    """,
    "step3.think": """
        While training, the model passes messages along the very edges that it is asked about. It
        can learn "these two are neighbours, so say yes", for which no taste is needed. On a new
        edge there is no such message, and the rule fails.

        `disjoint_train_ratio=0.3` takes 30% of the training edges out of the messages and asks
        only about those. Each training question is then like a test question: about an edge that
        the model cannot see. The price is fewer messages and fewer questions. Whether that pays
        is a question for the validation edges.
    """,
    "step4.think": """
        After a ReLU no number of a vector is negative, so no product is, and the smallest dot
        product is 0. A sigmoid makes 0.5 of it: the least that the model can say is "fifty-fifty".

        It can never say no. The loss of each negative stays at 0.693 or more, whatever the model
        learns, and the only way to lower it is to make vectors point in different directions, up
        to zero. Such a model can still rank pairs, and have a fair AUC, but its probabilities
        mean nothing.
    """,
    "step5.think": """
        The loss falls as long as the model gets better at *the questions it is asked*. It falls
        too if held-out edges are among the messages (a leak), if the same negatives are used in
        every epoch (they are learned by heart), if labels and scores are swapped for all pairs in
        the same way, or if all pairs but a few are easy.

        So a falling loss proves that gradients reach the weights and that the optimizer moves
        them. It does not prove that the questions are right, nor that the model knows anything
        about edges that it has not seen. For that we need validation edges.
    """,
    "step6.think": """
        A recommender that always names the ten most popular artists, or ones that the listener
        knows by heart, ranks most edges above most non-edges. Listeners have no use for it: they
        would have found those artists without help.

        The AUC looks at all pairs, while a listener sees only the top of one list. Numbers that
        show the difference: precision or recall among the first ten for each user, how many
        different artists are recommended to anybody (coverage), how popular these are (novelty).
        The last word has an experiment with listeners.
    """,
}


class Answer(str):
    """A text that a notebook shows as Markdown."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def answer(question: str = "") -> Answer:
    """Our answer to the question at the end of a notebook, such as `answer("step3.think")`.

    Args:
        question: the question, or its step: there is one question in each.

    Raises:
        NotebookProblem: there is no such question.
    """
    step = str(question).split(".")[0]
    key = f"{step}.think"
    if question not in (step, key) or key not in ANSWERS:
        if key in ANSWERS:
            advice = f'The question of {step} is `answer("{key}")`'
            advice += f'; for help with an exercise there is `hint("{question}")`.'
        else:
            advice = f"There are {', '.join(ANSWERS)}."
        raise NotebookProblem(f"answer({question!r}): there is no such question. {advice}")
    return Answer(textwrap.dedent(ANSWERS[key]).strip())
