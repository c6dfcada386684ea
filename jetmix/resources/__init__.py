"""Resources and latency, each number with its origin."""
