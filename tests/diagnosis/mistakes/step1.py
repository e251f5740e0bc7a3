"""Programs whose first mistake is in step 1: what was read is not what the file holds."""

from bank import Program

CONTRACT_READ = r'df = pd.read_csv("user_artists.dat", sep="\t")'
CONTRACT_NAMES = 'df = df.rename(columns={"weight": "listen_count"})'
OFFSETS_READ = r'pd.read_csv(FILE, sep="\t", header=0, names=COLUMNS)'
OFFSETS_NAMES = 'COLUMNS = ["userID", "artistID", "listen_count"]'
STRINGS_READ = r'lastfm = pd.read_csv("user_artists.dat", sep="\t")'
STRINGS_NAMES = 'lastfm.columns = ["userID", "artistID", "listen_count"]'
FACTORIZE_READ = (
    r'pd.read_csv("user_artists.dat", sep="\t").rename(columns={"weight": "listen_count"})'
)

PROGRAMS = [
    Program(
        name="separator-default",
        base="contract",
        edits=((CONTRACT_READ, 'df = pd.read_csv("user_artists.dat")'),),
        ids=("load.separator",),
        crashes=True,
    ),
    Program(
        name="separator-comma-with-names",
        base="offsets",
        edits=((OFFSETS_READ, "pd.read_csv(FILE, header=0, names=COLUMNS)"),),
        ids=("load.separator",),
        crashes=True,
    ),
    Program(
        name="separator-semicolon",
        base="strings",
        edits=((STRINGS_READ, 'lastfm = pd.read_csv("user_artists.dat", sep=";")'),),
        ids=("load.separator",),
        crashes=True,
    ),
    Program(
        name="header-none-then-columns",
        base="contract",
        edits=(
            (CONTRACT_READ, r'df = pd.read_csv("user_artists.dat", sep="\t", header=None)'),
            (CONTRACT_NAMES, 'df.columns = ["userID", "artistID", "listen_count"]'),
        ),
        ids=("load.header-as-row",),
    ),
    Program(
        name="names-without-header",
        base="offsets",
        edits=((OFFSETS_READ, r'pd.read_csv(FILE, sep="\t", names=COLUMNS)'),),
        ids=("load.header-as-row",),
        crashes=True,
    ),
    Program(
        name="names-in-the-call",
        base="strings",
        edits=(
            (
                STRINGS_READ + "\n" + STRINGS_NAMES,
                'columns = ["userID", "artistID", "listen_count"]\n'
                r'lastfm = pd.read_table("user_artists.dat", names=columns, dtype=str)',
            ),
        ),
        ids=("load.header-as-row",),
    ),
    Program(
        name="skiprows-then-columns",
        base="contract",
        edits=(
            (CONTRACT_READ, r'df = pd.read_csv("user_artists.dat", sep="\t", skiprows=1)'),
            (CONTRACT_NAMES, 'df.columns = ["userID", "artistID", "listen_count"]'),
        ),
        ids=("load.header-lost",),
    ),
    Program(
        name="header-one-with-names",
        base="offsets",
        edits=((OFFSETS_READ, r'pd.read_csv(FILE, sep="\t", header=1, names=COLUMNS)'),),
        ids=("load.header-lost",),
    ),
    Program(
        name="rename-not-kept",
        base="contract",
        edits=((CONTRACT_NAMES, 'df.rename(columns={"weight": "listen_count"})'),),
        ids=("load.columns",),
    ),
    Program(
        name="other-column-names",
        base="offsets",
        edits=((OFFSETS_NAMES, 'COLUMNS = ["user", "artist", "plays"]'),),
        ids=("load.columns",),
        crashes=True,
    ),
    Program(
        name="user-id-with-underscore",
        base="strings",
        edits=((STRINGS_NAMES, 'lastfm.columns = ["user_id", "artist_id", "listen_count"]'),),
        ids=("load.columns",),
        crashes=True,
    ),
    Program(
        name="columns-artist-first",
        base="contract",
        edits=((CONTRACT_NAMES, 'df.columns = ["artistID", "userID", "listen_count"]'),),
        ids=("load.swapped-columns",),
    ),
    Program(
        name="columns-count-second",
        base="strings",
        edits=((STRINGS_NAMES, 'lastfm.columns = ["userID", "listen_count", "artistID"]'),),
        ids=("load.swapped-columns",),
    ),
    Program(
        name="drop-duplicates-artist",
        base="contract",
        edits=((CONTRACT_NAMES, CONTRACT_NAMES + '\ndf = df.drop_duplicates(subset="artistID")'),),
        ids=("load.rows-dropped",),
    ),
    Program(
        name="nrows-left-in",
        base="offsets",
        edits=(
            (OFFSETS_READ, r'pd.read_csv(FILE, sep="\t", header=0, names=COLUMNS, nrows=5000)'),
        ),
        ids=("load.rows-dropped",),
    ),
    Program(
        name="sample-half",
        base="strings",
        edits=(
            (
                STRINGS_NAMES,
                STRINGS_NAMES
                + "\nlastfm = lastfm.sample(frac=0.5, random_state=0).reset_index(drop=True)",
            ),
        ),
        ids=("load.rows-dropped",),
    ),
    Program(
        name="counts-by-max",
        base="contract",
        edits=(
            ('n_users = df["userID"].nunique()', 'n_users = df["userID"].max()'),
            ('n_artists = df["artistID"].nunique()', 'n_artists = df["artistID"].max()'),
        ),
        ids=("load.counts",),
    ),
    Program(
        name="counts-by-len",
        base="strings",
        edits=(
            ("number_of_users = lastfm.userID.nunique()", "number_of_users = len(lastfm.userID)"),
            (
                "number_of_artists = lastfm.artistID.nunique()",
                "number_of_artists = lastfm.artistID.count()",
            ),
        ),
        ids=("load.counts",),
    ),
    Program(
        name="count-by-max-shifts-artists",
        base="offsets",
        edits=(("U = len(user_ids)", 'U = int(ratings["userID"].max())'),),
        ids=("load.counts",),
    ),
    # two mistakes, the second one far away
    Program(
        name="header-lost-and-no-relu",
        base="contract",
        edits=(
            (
                CONTRACT_READ,
                "df = pd.read_csv(\n"
                r'    "user_artists.dat", sep="\t", header=1, '
                'names=["userID", "artistID", "weight"]\n)',
            ),
            ("        h = torch.relu(h)\n", ""),
        ),
        ids=("load.header-lost", "model.no-relu"),
    ),
    Program(
        name="counts-and-sigmoid",
        base="strings",
        edits=(
            (
                "number_of_users = lastfm.userID.nunique()",
                "number_of_users = lastfm.userID.iloc[-1]",
            ),
            (
                "return torch.sum(a * b, dim=-1)",
                "return torch.sigmoid(torch.sum(a * b, dim=-1))",
            ),
        ),
        ids=("load.counts", "decode.sigmoid"),
    ),
    Program(
        name="nrows-and-fixed-negatives",
        base="factorize",
        edits=(
            (
                FACTORIZE_READ,
                r'pd.read_csv("user_artists.dat", sep="\t", nrows=6000)'
                '\nplays = plays.rename(columns={"weight": "listen_count"})',
            ),
            (
                "    curve = []\n",
                "    curve = []\n    negatives = draw_negatives(links.size(1))\n",
            ),
            (
                "        negatives = draw_negatives(links.size(1))\n        queries",
                "        queries",
            ),
        ),
        ids=("load.rows-dropped", "train.negative-fixed"),
    ),
]
