"""Traces of the lookup tables within a softmax, alone or of an attention layer.

Engines replay them inside the layer and keep no trace of them: their handler is listened to.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from jetmix.firmware.graph import Traces
from jetmix.models.calls import calls_of

# layers of a softmax that are functions of one value
TABLES = ("exp_table", "inv_table")
Replays = list[tuple[Any, Mapping[str, Any]]]


@contextlib.contextmanager
def recorded(handler: Any) -> Iterator[Replays]:
    """Yield what instances of a handler replay in the block: layer, and traces by part."""
    found: Replays = []
    before = handler.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        parts = before(self, *args, **kwargs)
        found.append((self.op, parts))
        return parts

    own = vars(handler).get("__call__")
    handler.__call__ = call
    try:
        yield found
    finally:
        if own is None:
            del handler.__call__
        else:
            handler.__call__ = own


def with_inner(traces: Traces, model: Any, found: Replays) -> Traces:
    """Return traces with the places ``/<layer>/<table>:<part>`` of tables within layers.

    They stand before those of their layer, in order of data flow, and count as its own.
    """
    replays = list(found)
    before: dict[str, dict[str, Any]] = {}
    for call in calls_of(model):
        softmax = getattr(call.layer, "_softmax", call.layer)
        for name in TABLES:
            table = getattr(softmax, name, None)
            number = next((n for n, (op, _) in enumerate(replays) if op is table), None)
            if table is None or number is None:
                continue
            parts = replays.pop(number)[1]
            kept = {part: parts[part] for part in ("post_iq", "final") if part in parts}
            before.setdefault(call.name, {}).update(
                {f"/{call.name}/{name}:{part}": arrays for part, arrays in kept.items()}
            )
    complete = Traces()
    complete.engine = traces.engine
    for place, arrays in traces.items():
        complete.update(before.pop("/".join(place.split("/")[1:-1]), {}))
        complete[place] = arrays
    return complete
