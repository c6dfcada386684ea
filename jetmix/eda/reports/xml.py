"""XML as vendor tools write it, each element with the line that it stands on."""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from jetmix.eda.reports.text import WHOLE, Line
from jetmix.errors import ReportReadError

_MAX_DEPTH = 100


@dataclass
class Element:
    """An XML element; ``line`` is where it starts and holds its text."""

    name: str
    line: Line
    words: list[str] = field(default_factory=list)
    children: list["Element"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The element's own text, stripped."""
        return "".join(self.words).strip()

    def find(self, name: str) -> "Element | None":
        """Return the only child of a name, None if there is none; several are an error."""
        found = [child for child in self.children if child.name == name]
        if len(found) > 1:
            raise found[1].line.fail(f"<{name}> is here a second time")
        return found[0] if found else None

    def get(self, name: str) -> "Element":
        """Return the only child of a name."""
        found = self.find(name)
        if found is None:
            raise self.line.fail(f"<{self.name}> lacks <{name}>")
        return found


def parse(path: Path, text: str) -> Element:
    """Return the root element of an XML file.

    A document type is refused, since reports have none and entities can be made to explode.

    Raises:
        ReportReadError: if it is not well-formed, with file and line.
    """
    parser = expat.ParserCreate("utf-8")  # whatever the file declares: it was decoded already
    stack: list[Element] = []
    roots: list[Element] = []

    def here() -> Line:
        return Line(path=path, number=parser.CurrentLineNumber, text="")

    def start(name: str, _attributes: dict[str, str]) -> None:
        if len(stack) >= _MAX_DEPTH:
            raise here().fail("elements are nested too deeply")
        element = Element(name=name, line=here())
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def keep(words: str) -> None:
        stack[-1].words.append(words)

    def refuse(*_: object) -> None:
        raise here().fail("a document type is not expected in a report")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = keep
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8"), True)
    except expat.ExpatError as error:
        raise ReportReadError(
            f"not well-formed XML ({expat.ErrorString(error.code)})",
            where=f"{path}:{error.lineno}",
            mend=WHOLE,
        ) from None
    return roots[0]
