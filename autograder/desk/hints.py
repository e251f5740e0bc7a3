"""One more piece of help at each call: first the question, then three hints, each says more.

They are those of the cause that the last check found; where it found none, of what is likely to be
behind an exception, or of the check that failed; before any check, of the exercise.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograder.contract import EXERCISES
from autograder.reports.panel import with_code
from autograder.reports.sections import sections
from autograder.rules.diagnosis import text_of
from autograder.rules.outcome import WRONG, Message, Outcome

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
        "Which shape does a list of pairs have, and which shape does `edge_index` need?",
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
        "`roc_auc_score` takes the true labels first; the scores may be raw.",
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

# The same for checks that can fail without a known cause; the panel has said what came.
OF_CHECKS: dict[str, tuple[str, ...]] = {
    "step1.load.numbers": (
        "Which line changes the type of a column after the file was read?",
        "Print `df.dtypes` right after the line that reads the file, and again at the end.",
        "Look for `dtype=`, `astype`, or missing values, which turn whole numbers into decimals.",
    ),
    "step1.load.values": (
        "Take the first row of `df`: is it a line of the file?",
        "Compare three rows of `df` with three lines of the file.",
        "Look for a line that sorts, shuffles or replaces one column without the others.",
    ),
    "step1.explore.preview": (
        "What is `preview`: a table with five rows, or something else?",
        "Show `preview` in a cell of its own, and compare it with the first lines of the file.",
        "`print` shows a table and gives None. Keep the table under the name, then print it.",
    ),
    "step2.nodes.one_node_each": (
        "Which users or artists have no node yet, or more than one?",
        "Print `G.number_of_nodes()` after each of your loops.",
        "Each of the two columns of ids needs a loop of its own.",
    ),
    "step2.nodes.side_sizes": (
        "Which side is 0 in the text of the exercise, and which one in your code?",
        "Show the attributes of one user and of one artist.",
        "Read the two lines that add the nodes, side by side.",
    ),
    "step2.edges.degrees": (
        "Look at one edge of `G`: is there such a row in `df`?",
        "Search `df` for the user and the artist of the first edge.",
        "Are the two columns gone through together, row by row, or each in an order of its own?",
    ),
    "step3.mapping.size": (
        "How many nodes does `G` have, how many entries does `id_mapping` have, and what is "
        "`num_nodes`?",
        "Print the three side by side: which one differs?",
        "Users and artists are counted together, each of them once.",
    ),
    "step3.mapping.users_first": (
        "In which order does your loop meet the nodes?",
        "Print the first and the last entry of `id_mapping`.",
        "`G` need not hold its nodes in the order that you want: sort them by side before.",
    ),
    "step3.data.edge_tensor": (
        "What does `print(data)` show, and what is missing there?",
        "Print type, shape and dtype of what you hand to `Data`.",
        "`Data` takes the edges under one name, and the indices of the nodes under another.",
    ),
    "step3.split.labels": (
        "Which attributes does each of the three parts have when you print it?",
        "Compare them with those that the text names.",
        "Two arguments decide it: one parts positives from negatives, one is about training.",
    ),
    "step3.split.no_leak": (
        "Take one test edge: where else in the three parts does it stand, or its reverse?",
        "Are the three names in the order in which the transform gives its parts?",
        "Read again what the text says about an edge and its reverse.",
    ),
    "step4.layers.embedding": (
        "Where would the vector of a node come from?",
        "Print your model: is there an `Embedding` among its parts?",
        "What `__init__` makes must be kept for `encode`.",
    ),
    "step4.layers.convolutions": (
        "Which kind of layer does the text ask for, and which kinds does your model have?",
        "Print your model: it shows kind and widths of each layer.",
        "Compare the widths with the picture at the top of the notebook.",
    ),
    "step4.encode.encode_shape": (
        "What does the last line of `encode` give: how many rows, how many columns?",
        "Print the shape after each line of `encode`.",
        "The rows are the nodes: nothing is added up or averaged over them.",
    ),
    "step4.encode.forward": (
        "What happens to the vectors in `encode` that the picture at the top does not show?",
        "Say for each line of `encode` which part of the picture it is.",
        "Look for dropout, a sigmoid, a normalisation or a factor, and take it out.",
    ),
    "step4.encode.uses_graph": (
        "Which line of `encode` makes the first number that is not finite?",
        "Call `encode` on the toy and print the result of each line.",
        "Look for a division, a root or a logarithm.",
    ),
    "step5.setup.model": (
        "Which four sizes does the class take, and which ones did you give it?",
        "Read in the text how many numbers each node has, at every stage.",
        "Write the arguments with their names.",
    ),
    "step5.setup.optimizer": (
        "Which optimizer does the text ask for, and with which learning rate?",
        "Print `optimizer`: it shows its kind and its `lr`.",
        "A learning rate that is left out is not 0 but a default value.",
    ),
    "step5.train.returns_loss": (
        "What does the last line of `train` give back?",
        "A function without `return` gives None.",
        "The loss is a tensor that holds one number. The hint in the cell names the method.",
    ),
    "step5.loop.losses_kept": (
        "What is `len(losses)`, and what is `losses[0]`?",
        "How often does the line run that adds to the list: once in each epoch?",
        "If an entry is no number: what does `train` return?",
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
        lines = "<br>".join(with_code(line) for line in rest)
        return f"<p><strong>{with_code(first)}</strong><br>{lines}</p>"


class Hints:
    """How far each exercise's help has gone in this kernel."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], int] = {}  # exercise and topic -> pieces that were told
        self._last: dict[str, str] = {}  # exercise -> the topic of the last piece

    def next(self, key: str, outcomes: list[Outcome], help: tuple[str, ...] = ()) -> Hint:
        """The next piece of help for one exercise; `outcomes` are those of its last check.

        Each cause has its own row of pieces, which goes on where it stopped. `help` is given where
        it is not written here, that is for what gives no points.
        """
        if outcomes and all(o.status == "passed" for o in outcomes):
            return Hint(f"{key}: every check passes, there is nothing to mend.", "", "", False)
        if help:
            topic, about, pieces = key, f"{key}, the exercise", help
        else:
            topic, about, pieces = self._topic(key, outcomes)
        if self._last.get(key, topic) != topic:
            about += " (something else than at your last call)"
        self._last[key] = topic
        number = min(self._told.get((key, topic), 0), len(pieces) - 1)
        self._told[key, topic] = number + 1
        label = f"Hint {number} of {len(pieces) - 1}" if number else "A question first"
        return Hint(about, label, pieces[number], number + 1 < len(pieces))

    def _topic(self, key: str, outcomes: list[Outcome]) -> tuple[str, str, tuple[str, ...]]:
        part = next(iter(sections(outcomes)), None)
        root = part.root if part else None  # what the panel says first
        if root is not None and (root.proof or root.behind):
            cause = text_of(root.proof.cause if root.proof else root.behind)
            about = f"{key}: {cause.title}" if root.proof else f"{key}, perhaps: {cause.title}"
            new = [hint for hint in cause.hints if not _is_in(hint, root.message)]
            return cause.id, about, (cause.question, *new)
        if root is not None and root.status in WRONG:
            pieces = OF_CHECKS.get(root.check.id, OF_EXERCISES[key])
            return root.check.id, f"{key}: {root.check.title}", pieces
        for outcome in outcomes:
            if outcome.status == "blocked" and outcome.waits_for.rpartition(".")[0] != key:
                other = outcome.waits_for.rpartition(".")[0]
                if other in EXERCISES:
                    title = f"{key} waits for {other}: the help is for that exercise"
                    return other, title, OF_EXERCISES[other]
        return key, f"{key}, the exercise", OF_EXERCISES[key]


def _is_in(hint: str, message: Message) -> bool:
    """Whether the panel has said this already."""
    return hint in (message.next, message.why)
