"""gunicorn for the demo: ``gunicorn --config deploy/gunicorn.conf.py --bind 127.0.0.1:8000``."""

import os
from pathlib import Path

wsgi_app = "config.wsgi"

worker_class = "gthread"
threads = int(os.environ.get("DATABASE_POOL_SIZE") or 8)  # with a connection for each

# Checking a signature takes a processor, and waiting for a database or a service takes a thread.
# Unless asked for, no more than PostgreSQL has connections for as it comes: 100, of which it keeps
# three, and some are for manage.py. While gunicorn is reloaded the old workers keep theirs.
most = max(1, 80 // (2 * threads))
workers = int(os.environ.get("WEB_CONCURRENCY") or min(most, 2 * len(os.sched_getaffinity(0))))

# As long as the slowest sign-in: two calls to the service, each for the whole of TIMEOUT.
graceful_timeout = 30  # seconds, when a worker is stopped or replaced
# Longer than a proxy keeps a connection that is not in use, so that it is not this side that closes
# it while a request is on its way. (The proxies of this folder keep none.)
keepalive = 75

# A disk that is busy or read-only must not look like a worker that hangs.
if Path("/dev/shm").is_dir():  # noqa: S108 - gunicorn makes a file without a name in there
    worker_tmp_dir = "/dev/shm"  # noqa: S108 - the same
control_socket_disable = True
