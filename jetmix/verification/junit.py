"""The ladder as a JUnit file, which CI services show."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from jetmix.support.files import write_text
from jetmix.verification.result import VerificationResult


def write_junit(path: Path, results: Sequence[VerificationResult], *, suite: str) -> None:
    """Write one test case per level: a level that was not run is skipped, with the reason.

    Args:
        path: file to write.
        results: what :func:`jetmix.verification.ladder.climb` gave.
        suite: name of the suite, such as the project's folder.
    """
    root = ET.Element("testsuites")
    counts = {
        "tests": len(results),
        "failures": sum(result.status == "failed" for result in results),
        "skipped": sum(result.status == "not-run" for result in results),
        "errors": 0,
    }
    total = sum(result.seconds or 0.0 for result in results)
    attributes = {name: str(count) for name, count in counts.items()}
    cases = ET.SubElement(root, "testsuite", {"name": suite, "time": f"{total:.3f}", **attributes})
    for result in results:
        case = ET.SubElement(
            cases,
            "testcase",
            {
                "classname": "jetmix.verify",
                "name": f"{result.candidate} against {result.reference}",
                "time": f"{result.seconds or 0.0:.3f}",
            },
        )
        if result.status == "failed":
            ET.SubElement(case, "failure", {"message": f"{result.candidate} {result.difference}"})
        elif result.status == "not-run":
            ET.SubElement(case, "skipped", {"message": result.reason or ""})
        vectors = ", ".join(f"{count} {name}" for name, count in result.vectors.items())
        ET.SubElement(case, "system-out").text = f"vectors: {vectors}"
    ET.indent(root)
    write_text(path, ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n")
