"""What is behind an error and no entry of the catalogue, in the code: names, arguments, shapes.

`explain.py` takes the texts from here, beside those of `explain_run.py`.
"""

from __future__ import annotations

from autograder.explain.run import entry

ENTRIES = (
    entry(
        "run.undefined-name",
        "A name is used before it is made",
        "A notebook knows only what cells that ran have made, in the order in which they ran. A "
        "cell above that failed, or was not run since the last restart, made nothing.",
        "Which cell makes this name, and has it run since the kernel started?",
        (
            "Look for the name in the notebook: is it spelled the same everywhere?",
            "Restart the kernel and run all cells from the top: which is the first that fails?",
            "A name that is made inside a function, or as `self.name`, is not known outside.",
        ),
    ),
    entry(
        "run.arguments",
        "A function is called with other arguments than it takes",
        "Python matches what you pass with the names in the `def` line, in order. A method gets "
        "its object as the first, `self`, by itself.",
        "What does the `def` line ask for, and what does the call give?",
        (
            "Write the two below each other: the names in the `def`, the values in the call.",
            "For a method: is `self` the first name in its `def`? Is it called on an object, or "
            "on the class?",
            "For a library's function: look its arguments up, `help(function)` shows them.",
        ),
    ),
    entry(
        "run.lengths",
        "Scores and labels do not belong to the same pairs",
        "The loss and the AUC go through scores and labels side by side: score 1 with label 1. "
        "There must be one label for each pair that was scored.",
        "How many pairs did you ask about, how many scores came back, how many labels are there?",
        (
            "Print the shapes: positives, negatives, both together, scores, labels.",
            "Where two are joined: did the number of pairs grow, or the number of rows?",
            "Make the labels as long as what was scored, positives and negatives in its order.",
        ),
    ),
    entry(
        "run.nan",
        "There are NaN or infinite numbers among the scores or labels",
        "Once one weight is NaN, everything computed with it is. It comes from numbers that "
        "grew beyond bounds, a division by zero, or a logarithm of zero.",
        "In which epoch is the loss NaN for the first time?",
        (
            "Print the loss of each epoch.",
            "Does the loss grow before that? What makes steps too large?",
            "Check the input as well: is there NaN in the table or in `data`?",
        ),
    ),
    entry(
        "run.none",
        "A name holds None, or something of another type than thought",
        "A function without `return` gives None, and so does an attribute that was never set. A "
        "name that was used twice holds what it was given last.",
        "What do `type(...)` and `print(...)` say of the thing before the dot?",
        (
            "Look at the word in quotes: that is the type of what you have.",
            "Find the line that last gave it its value. Does that function return something?",
            "Restart the kernel and run all: a name may be left over from an earlier try.",
        ),
    ),
    entry(
        "run.attribute",
        "The object has no attribute of this name",
        "An attribute is there only if something has set it, under just this name. PyG's `Data` "
        "shows all of its own when it is printed.",
        "Which attributes does `print(...)` of the object show?",
        (
            "Compare the name with what is there, letter by letter.",
            "Is this the object that you mean: the data before or after the split, the class or "
            "an object of it?",
            "For a layer: is it set as `self.name` in `__init__`, with this very name?",
        ),
    ),
    entry(
        "run.shapes",
        "Two tensors do not fit together",
        "To join tensors, or to combine them number by number, all their sizes must agree, but for "
        "the one along which they are joined.",
        "What is the shape of each of the two, and what should it be?",
        (
            "Print both shapes just before the line.",
            "Say of each dimension what it counts: pairs, nodes, channels?",
            "Go back to where the first unexpected size appears.",
        ),
    ),
    entry(
        "run.many",
        "One number is expected, and there are many",
        "`backward()` begins at one number, and `item()` gives one. A loss is one number for all "
        "pairs together; a count is one whole number.",
        "What shape has the thing that this line works on?",
        (
            "Print its shape.",
            "Does your loss average over the pairs, as the default of torch's losses does?",
            "If a count is meant: which dimension of the tensor counts the edges?",
        ),
    ),
    entry(
        "run.direction",
        "The split finds hardly any edge from a lower to a higher index",
        "With `is_undirected=True` RandomLinkSplit keeps only columns whose source is not above "
        "the target, for it takes the others for copies. Stored in one direction, from high to "
        "low, none is left.",
        "In how many columns of `edge_index` is the source below the target?",
        (
            "Count the columns with source <= target.",
            "Which side has the lower indices, and from which side to which are edges stored?",
            "Number the users first and store edges from user to artist; or store both directions.",
        ),
    ),
    entry(
        "run.components",
        "The graph falls into several parts, and NetworkX cannot guess the sides",
        "A right graph of this data may well do so. In each part either side could be the users; "
        "that is why nodes carry the attribute `bipartite`.",
        "Where do your nodes say which side they are on?",
        (
            "Look at the attribute of two or three nodes.",
            "Ask for nodes by their attribute instead of letting NetworkX guess.",
            "NetworkX has a test for being bipartite that needs no sides.",
        ),
    ),
)
