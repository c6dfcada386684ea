"""Errors that a user can mend, one class per kind of failure, each with its exit code.

Every message is one line: where, what is wrong, and how to mend it. Anything that is not a
:class:`JetmixError` is a bug in jetmix (exit code 1).
"""


class JetmixError(Exception):
    """Base of all expected failures.

    Args:
        what: what is wrong.
        mend: how the user mends it.
        where: file, dataset, row, recipe key or layer concerned.
    """

    exit_code = 1

    def __init__(self, what: str, *, mend: str, where: object = "") -> None:
        self.what, self.mend, self.where = what, mend, str(where)
        place = f"{self.where}: " if self.where else ""
        super().__init__(" ".join(f"{place}{what}; {mend}".split()))

    def __reduce__(self) -> tuple[object, ...]:
        """Let an error of a worker process reach its parent."""
        return _rebuilt, (type(self), self.what, self.mend, self.where)


def _rebuilt(kind: type[JetmixError], what: str, mend: str, where: str) -> JetmixError:
    return kind(what, mend=mend, where=where)


class UsageError(JetmixError):
    """Wrong command line or recipe."""

    exit_code = 2


class DataError(JetmixError):
    """A data file cannot be read or does not hold what it should."""

    exit_code = 3


class TrainingError(JetmixError):
    """Training cannot go on or did not learn."""

    exit_code = 4


class LoweringError(JetmixError):
    """A model or project cannot be lowered."""

    exit_code = 5


class ToolMissingError(JetmixError):
    """An external program is not installed."""

    exit_code = 6


class BitsDifferError(JetmixError):
    """Two levels of the bit-exactness ladder disagree, or a project was edited."""

    exit_code = 7


class ToolFailedError(JetmixError):
    """An external program failed or ran out of time."""

    exit_code = 8


class ReportReadError(JetmixError):
    """A report or result file cannot be read."""

    exit_code = 9


class RunConflictError(JetmixError):
    """An output place is taken by something else."""

    exit_code = 10


class LimitMissedError(JetmixError):
    """A report was written, and a limit or baseline that it is held to is missed."""

    exit_code = 11


class ClusterError(JetmixError):
    """A cluster gives no workers, or workers that differ."""

    exit_code = 12
