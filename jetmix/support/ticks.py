"""Labels of the axes of figures."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# an axis whose ends are nearer than this factor has too few of the usual labels
NARROW = 4.0
FINE = (1, 1.5, 2, 3, 4, 5, 7)


def plain_ticks(axes: "Axes") -> None:
    """Label a logarithmic axis with numbers in full: at 1, 2 and 5 of a decade, or at more."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axes.get_xlim()
    narrow = high < NARROW * low
    axes.xaxis.set_major_locator(LogLocator(subs=FINE if narrow else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
