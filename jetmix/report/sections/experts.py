"""How much each expert does: the shares of the tokens that the routers send to it."""

from collections.abc import Sequence

from jetmix.report.render.model import (
    Group,
    Row,
    Section,
    Table,
    columns,
    number,
    per_tagger,
    text,
)
from jetmix.report.tagger import Tagger
from jetmix.training.experts import Mixture

NOTE = (
    "Tokens are the particles in channel mixing and the channels in token mixing; the shares are "
    "over those of all test jets. Fixed: tokens of a jet that go to the same expert in every test "
    "jet; if all are, the mixture is a dense layer with weights of its own for each token."
)


def section(taggers: Sequence[Tagger]) -> Section | None:
    """Return the table of the mixtures; None if no tagger has experts."""
    rows = [
        [_row(mixture) for mixture in tagger.experts.mixtures] if tagger.experts else []
        for tagger in taggers
    ]
    groups: tuple[Group, ...] = per_tagger(taggers, rows)
    if not groups:
        return None
    table = Table(
        name="experts",
        caption="What the experts do",
        columns=columns("Mixture", "Share of each expert [%]", "Fixed", "Tokens",
                        numeric=("Fixed", "Tokens")),
        groups=groups,
        note=NOTE,
    )  # fmt: skip
    return Section(name="experts", title="Experts", tables=(table,))


def _row(mixture: Mixture) -> Row:
    shares = ", ".join(f"{100 * share:.1f}" for share in mixture.shares)
    return text(mixture.name), text(shares), number(mixture.fixed), number(mixture.tokens)
