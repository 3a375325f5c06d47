"""How services are called: over pooled connections, in bounded time, and with bounded answers."""
