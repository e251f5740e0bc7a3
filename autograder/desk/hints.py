"""One more piece of help at each call: first the question, then three hints, each says more.

They are those of the cause that the last check found; where it found none, of what is likely to be
behind an exception, or of the check that failed; before any check, of the exercise.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from autograder.contract import EXERCISES
from autograder.reports.sections import sections
from autograder.rules.diagnosis import text_of
from autograder.rules.outcome import WRONG, Outcome

# For each exercise the question and three hints, for those who have no finding yet.
OF_EXERCISES: dict[str, tuple[str, str, str, str]] = {
    "step1.load": (
        "What does the raw file's first line hold, and what stands between two values?",
        "The cell with `repr` shows both: the first line, and the sign between its values.",
        "`read_csv` takes the separator as `sep`. It reads a header by itself.",
        "Only one name differs from what is asked for: rename that column afterwards.",
    ),
    "step1.explore": (
        "Rows, largest id, different ids: which of the three is the number of users?",
        "A user stands in many rows, so rows are too many; ids have gaps.",
        "A column of a table can count the different values that it holds.",
        "The method's name begins with `n`. The first five rows are a method of the table.",
    ),
    "step2.nodes": (
        "How can a node's name say which side it is on?",
        "A pair such as `('user', 2)` may be a node: `('artist', 2)` is then another one.",
        "Loop over the different users, then over the different artists.",
        "Each turn adds one node, by its name, with the attribute `bipartite` of its side.",
    ),
    "step2.edges": (
        "Under which names do the two ends of an edge stand in `G`?",
        "An end that is named in another way becomes a new node, and nobody warns you.",
        "Go through the rows of `df`; each has one user and one artist.",
        "Build both names exactly as in exercise 1, then join the two.",
    ),
    "step3.mapping": (
        "Which keys keep user 2 and artist 2 apart?",
        "The nodes of `G` have names that are unique. What does a loop over `G` give?",
        "Count while you loop: the first node gets 0. All users come before all artists.",
        "Sort the nodes by their side into two lists, put one behind the other, and number it.",
    ),
    "step3.data": (
        "Which shape has a list of pairs, and which shape does `edge_index` need?",
        "Replace both ends of every edge by their numbers from `id_mapping`.",
        "A tensor of pairs is [E, 2]: transpose it. Reshaping would mix the pairs up.",
        "In an edge of `G` either end may come first: put the smaller number first.",
    ),
    "step3.split": (
        "Which edges may the model look at while it is asked about a test edge?",
        "An edge and its reverse must stay together: one argument says so.",
        "Shares are decimals between 0 and 1; a whole number is a number of edges.",
        "Apply the transform to `data`; it returns three parts: training, validation, test.",
    ),
    "step4.layers": (
        "Which width goes into each part, and which comes out?",
        "What `self.` does not keep is gone at the end of `__init__`.",
        "The table has one row for each node; both layers are of the kind that was shown.",
        "What the first layer gives is what the second one takes.",
    ),
    "step4.encode": (
        "What does `x` hold: vectors, or numbers of rows?",
        "Look the rows up in the table first.",
        "Each layer takes vectors and edges. Use the edges that the method is given.",
        "A ReLU stands between the two layers, and nowhere else. End with `return`.",
    ),
    "step4.decode": (
        "How many scores must come out for P pairs?",
        "`z[indices]` picks one row for each index: do it for either end.",
        "Multiply the two element by element: [P, D].",
        "Add up over the last dimension: [P] is left. There is no loop, and no sigmoid.",
    ),
    "step5.setup": (
        "Whose numbers shall the optimizer change?",
        "The class is there: make one model of it, with the widths of the text.",
        "The optimizer takes the parameters of this model, and the learning rate.",
        "The loss is an object: call its class.",
    ),
    "step5.train": (
        "In which order do the parts of a training step come?",
        "As many negatives as positives, drawn anew in every call.",
        "Pairs are columns: join along the dimension that counts them. Labels: the same order.",
        "Clear the gradients, compute the loss of the raw scores, go backward, take the step.",
    ),
    "step5.loop": (
        "What does one call of `train` do, and what does it return?",
        "Begin with an empty list, before the loop.",
        "Call `train` in every turn and keep what it returns.",
        "If the first loss is small already, the model has been trained before: make a new one.",
    ),
    "step6.test": (
        "Which edges may the model see, and about which is it asked?",
        "Encode along `data.edge_index`; score the positives and the negatives.",
        "Labels and scores must be in the same order: ones for positives, zeros for negatives.",
        "`roc_auc_score` takes the true labels first, and raw scores do.",
    ),
    "step6.auc": (
        "Which of the two numbers may you choose by?",
        "`test` works for either part.",
        "Call it once for validation and once for test, and keep both numbers.",
        "If you train again, call it again: the numbers belong to this model.",
    ),
    "step6.report": (
        "Against which negatives was your AUC measured?",
        "Compare with the rules of the table above: what would a rule without taste get?",
        "Name one change, and the number by which you would see that it helped.",
        "About ten lines; the table of points says what each part is for.",
    ),
}


@dataclass(frozen=True)
class Hint:
    """One piece of help; `more` says whether another call gives another one."""

    about: str
    label: str
    text: str
    more: bool

    def __str__(self) -> str:
        after = "Call it again for more." if self.more else "That was the last: ask your TA."
        lines = [self.about, f"{self.label}: {self.text}" if self.label else self.text]
        return "\n".join(lines + ([after] if self.label else []))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        first, *rest = str(self).split("\n")
        lines = "<br>".join(escape(line) for line in rest)
        return f"<p><strong>{escape(first)}</strong><br>{lines}</p>"


class Hints:
    """How far each exercise's help has gone in this kernel."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, int]] = {}  # exercise -> its topic, pieces that were told

    def next(self, key: str, outcomes: list[Outcome], help: tuple[str, ...] = ()) -> Hint:
        """The next piece of help for one exercise; `outcomes` are those of its last check.

        `help` is given where it is not written here, that is for what gives no points.
        """
        if outcomes and all(o.status == "passed" for o in outcomes):
            return Hint(f"{key}: every check passes, there is nothing to mend.", "", "", False)
        if help:
            topic, about, pieces = key, f"{key}, the exercise", help
        else:
            topic, about, pieces = self._topic(key, outcomes)
        before, told = self._told.get(key, (topic, 0))
        told = told if before == topic else 0
        number = min(told, len(pieces) - 1)
        self._told[key] = topic, number + 1
        label = f"Hint {number} of {len(pieces) - 1}" if number else "A question first"
        return Hint(about, label, pieces[number], number + 1 < len(pieces))

    def _topic(self, key: str, outcomes: list[Outcome]) -> tuple[str, str, tuple[str, ...]]:
        part = next(iter(sections(outcomes)), None)
        root = part.root if part else None  # what the panel says first
        if root is not None and (root.proof or root.behind):
            cause = text_of(root.proof.cause if root.proof else root.behind)
            if root.proof:
                return cause.id, f"{key}: {cause.title}", (cause.question, *cause.hints)
            pieces = (cause.question, root.message.next, *cause.hints[1:])  # its own advice first
            return cause.id, f"{key}, perhaps: {cause.title}", pieces
        if root is not None and root.status in WRONG:
            message = root.message
            question = (
                f"We looked at {message.ran}. Expected: {message.expected}. Got: {message.got}. "
                "Which of your lines makes the difference?"
            )
            own = (question, message.why, message.next)
            return root.check.id, f"{key}: {root.check.title}", own
        for outcome in outcomes:
            if outcome.status == "blocked" and outcome.waits_for.rpartition(".")[0] != key:
                other = outcome.waits_for.rpartition(".")[0]
                if other in EXERCISES:
                    title = f"{key} waits for {other}: the help is for that exercise"
                    return other, title, OF_EXERCISES[other]
        return key, f"{key}, the exercise", OF_EXERCISES[key]
