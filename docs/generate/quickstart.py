"""Runs examples/quickstart.ipynb from a fresh kernel and stores its output in it.

    python docs/generate/quickstart.py

Progress lines and paths of the machine are left out of what is stored.
"""

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

REPOSITORY = Path(__file__).parents[2]
NOTEBOOK = REPOSITORY / "examples" / "quickstart.ipynb"
CELL_SECONDS = 900


def executed(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Return a notebook with the output of a fresh kernel that runs in ``folder``.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return notebook


def clean(notebook: nbformat.NotebookNode) -> None:
    """Keep what cells answer with; leave out progress, times and paths."""
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number}", {}
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if one.output_type == "execute_result"]
            for output in cell.outputs:
                if "text/html" in output.data:
                    name = output.data["text/plain"].partition("(")[0]
                    output.data["text/plain"] = f"{name}(...)"


def main() -> None:
    """Run the notebook and write it again."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = executed(NOTEBOOK, Path(folder))
    clean(notebook)
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    main()
