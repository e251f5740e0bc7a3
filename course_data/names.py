"""Makes up artist names: plausible, all different, some beyond ASCII, one or more with a comma.

Called by the generator, which hands in its own random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

MOST = 5_000  # names that one call can be asked for


def _words(text: str) -> list[str]:
    return text.split()


_STARTS = _words(
    "Vel Quor Tam Bril Osk Fen Mur Dral Ley Cass Nim Hask Tor Plin Sev Gal Wim Yar Ebb Kest Rov "
    "Ulm Zan Iv"
)
_MIDDLES = _words("a o i u em ar ol in ul or esh and ick umb ast orl")
_ENDS = _words(
    "vane mora dell wick tane rue loth sett quist mere ban dor fay lume nock rin stad vey zell cote"
)
_DESCRIPTIONS = _words(
    "Amber Brittle Copper Crooked Dusky Eleventh Faded Feral Gilded Hollow Indigo Kindly "
    "Lateral Lunar Marbled Molten Northern Oblique Pallid Paper Quiet Rusted Salted Second "
    "Slanted Sleepless Spare Static Sunken Tangled Tidal Tinfoil Twelvefold Umber Unpaid Velvet "
    "Wayward Wooden Yonder Zigzag"
)
_THINGS = _words(
    "Almanac Anchor Attic Bellows Bramble Cellar Chimney Compass Cornice Drawbridge Ember Ferry "
    "Furrow Gable Harbour Hinge Inkwell Kettle Ladder Lantern Loom Magpie Orchard Outpost "
    "Parade Pendulum Quarry Ribbon Rowboat Sawmill Semaphore Sextant Spindle Tarn Thimble "
    "Turnstile Viaduct Weathervane Willow Workbench"
)
_GIVEN_PLAIN = _words(
    "Bettina Casimir Dorrit Elspeth Fabrice Gwendal Ilka Jorah Linnet Marit Oswin Petra Tibor"
)
_GIVEN_MARKED = _words(
    "Ásdís Åshild Błażej Chloé Eirík Jiří Łucja Maël Noémie Özge Sørine Žofie Наталка Θάλεια"
)
_FAMILY = _words(
    "Aldermoor Bergholm Čapkovar Dvorsund Estévao Fjällgren Grünwaldt Haverstam Ingersoe "
    "Jørstad Kowalewicz Lindqvara Mørkeby Nakadome Oyelande Piñarosa Quenneville Rådberg "
    "Szélmára Tanakawa Ünalder Vasquette Wiśniak Ystrade Zellinger"
)


def artist_names(count: int, draw: Callable[[], float]) -> list[str]:
    """`count` different names (differences in case do not count), in a random order.

    draw: gives the next number, uniform in (0, 1). The third name has a comma and the fourth
    letters beyond ASCII, so that even a small set has both. Raises ValueError for more than MOST
    names.
    """
    if count > MOST:
        raise ValueError(f"{count:,} artist names asked for; at most {MOST:,} can be made up")

    def pick(words: Sequence[str]) -> str:
        return words[int(draw() * len(words))]

    kinds: list[Callable[[], str]] = [
        lambda: pick(_STARTS) + pick(_MIDDLES) + pick(_ENDS),
        lambda: f"{pick(_DESCRIPTIONS)} {pick(_THINGS)}",
        lambda: f"The {pick(_THINGS)} {pick(_STARTS)}{pick(_ENDS)}s",
        lambda: f"{pick(_GIVEN_PLAIN)} {pick(_FAMILY)}",
        lambda: f"{pick(_STARTS)}{pick(_ENDS)} & the {pick(_DESCRIPTIONS)} {pick(_THINGS)}",
        lambda: f"{pick(_THINGS)} of {pick(_STARTS)}{pick(_MIDDLES)}{pick(_ENDS)}",
        lambda: f"{pick(_GIVEN_MARKED)} {pick(_FAMILY)}",
        lambda: f"{pick(_THINGS)}, {pick(_THINGS)} & {pick(_STARTS)}{pick(_ENDS)}",
    ]
    with_comma, beyond_ascii = kinds[-1], kinds[-2]
    names: list[str] = []
    taken: set[str] = set()
    while len(names) < count:
        make = {2: with_comma, 3: beyond_ascii}.get(len(names)) or kinds[
            int(draw() ** 1.5 * len(kinds))
        ]
        name = make()
        if name.casefold() not in taken:
            taken.add(name.casefold())
            names.append(name)
    return names
