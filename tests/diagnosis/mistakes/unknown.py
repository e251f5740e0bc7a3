"""Programs that are wrong in a way the catalogue does not name, for `bank.programs`.

The detector should fail a check and abstain from naming the cause.
"""

from functools import partial

from bank import Program

Unknown = partial(Program, unknown=True)

PROGRAMS = [
    Unknown(
        "unknown_embedding_always_zero",
        "contract",
        (
            (
                "        h = self.embedding(x)\n",
                "        nn.init.zeros_(self.embedding.weight)\n        h = self.embedding(x)\n",
            ),
        ),
    ),
    Program(
        "artists_moved_by_user",
        "dropout",
        (
            (
                "edge_index = torch.tensor([heads, tails], dtype=torch.long)\n",
                "edge_index = torch.tensor([heads, tails], dtype=torch.long)\n"
                "edge_index[1] = n_users + (edge_index[1] + 37 * edge_index[0]) % n_artists\n",
            ),
        ),
        ("data.other-edges",),
    ),
    Unknown(
        "unknown_noise_on_embeddings",
        "offsets",
        (
            (
                "        return self.sage2(hidden, edge_index)\n",
                "        z = self.sage2(hidden, edge_index)\n"
                "        return z + 0.3 * torch.randn_like(z)\n",
            ),
        ),
    ),
    Unknown(
        "unknown_dropout_never_off",
        "contract",
        (
            (
                "        h = torch.relu(h)\n",
                "        h = torch.relu(h)\n        h = nn.functional.dropout(h, 0.5)\n",
            ),
        ),
    ),
    Program(
        "decode_over_hundred",
        "strings",
        (("torch.sum(a * b, dim=-1)", "torch.sum(a * b, dim=-1) / 100"),),
        ("decode.not-dot",),
    ),
    Program(
        "decode_first_half_of_channels",
        "offsets",
        (
            (
                '        return torch.einsum("ij,ij->i", z[left], z[right])\n',
                "        z = z[:, : z.shape[1] // 2]\n"
                '        return torch.einsum("ij,ij->i", z[left], z[right])\n',
            ),
        ),
        ("decode.not-dot",),
    ),
    Unknown(
        "unknown_weights_put_back_in_every_epoch",
        "contract",
        (
            (
                "loss_fn = nn.BCEWithLogitsLoss()\n",
                "loss_fn = nn.BCEWithLogitsLoss()\n"
                "start = {name: value.clone() for name, value in model.state_dict().items()}\n",
            ),
            ("    model.train()\n", "    model.load_state_dict(start)\n    model.train()\n"),
        ),
    ),
    Program(
        "row_numbers_as_artists",
        "contract",
        (
            (
                'targets = [id_mapping[("artist", a)] for a in df["artistID"]]',
                "targets = [n_users + i % n_artists for i in range(len(df))]",
            ),
        ),
        ("data.other-edges",),
    ),
    Unknown(
        "unknown_auc_averaged_with_half",
        "dropout",
        (
            (
                "    return roc_auc_score(truth.numpy(), score.numpy())\n",
                "    auc = roc_auc_score(truth.numpy(), score.numpy())\n"
                "    return (auc + 0.5) / 2\n",
            ),
        ),
    ),
    Unknown(
        "unknown_test_auc_of_validation_data",
        "contract",
        (("test_auc = test(test_data)", "test_auc = test(val_data)"),),
    ),
    Unknown(
        "unknown_second_layer_on_shuffled_nodes",
        "contract",
        (
            (
                "        h = self.conv2(h, edge_index)\n",
                "        h = self.conv2(h, torch.randperm(len(x))[edge_index])\n",
            ),
        ),
    ),
]
