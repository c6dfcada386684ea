"""Fixtures of the unit tests."""

import pytest


@pytest.fixture
def in_process(monkeypatch):
    """Let local workers be threads of this process, so that a test may replace what they run."""
    import distributed

    from jetmix.cluster import connect

    def cluster(options):
        return distributed.LocalCluster(
            n_workers=options.workers or 2,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
        )

    monkeypatch.setattr(connect, "local_cluster", cluster)
