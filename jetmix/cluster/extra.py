"""The extra ``cluster``: Dask and what belongs to it, imported only by what needs it."""

from jetmix.support.extras import Extra

needed = Extra(name="cluster", users="workers need it").needed
