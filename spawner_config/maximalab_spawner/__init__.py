"""Which tier, which backend, how a server starts, and which entrance leads to it."""
