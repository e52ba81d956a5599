"""One read-only query, within its limits, in a worker that can be killed, streamed as asked."""
