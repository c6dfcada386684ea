"""docs/results.md is what its command makes of results.json."""

import json


def test_the_page_is_that_of_the_figures(repository):
    import results
    from results_page import page

    figures = json.loads((repository / "docs" / "generate" / "results.json").read_text())
    titles = {name: (row.title, row.twin_of or name) for name, row in results.ROWS.items()}
    made = page(figures, titles, twin=results.TWIN, within=results.SMALL_WITHIN)
    assert made == (repository / "docs" / "results.md").read_text()


def test_the_command_trains_the_epochs_of_the_page(repository):
    import results

    figures = json.loads((repository / "docs" / "generate" / "results.json").read_text())
    for name, row in results.ROWS.items():
        assert figures["runs"][name]["epochs"] == row.epochs
