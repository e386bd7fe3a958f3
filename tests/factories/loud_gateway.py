"""The gateway as a process that logs all there is, and tells what its embedded stores hold.

    python -m tests.factories.loud_gateway serve

At SIGUSR1 it writes what Redis and MongoDB hold in its memory to the file $EMBEDDED_CONTENTS.
"""

import json
import logging
import os
import signal
from pathlib import Path
from threading import Thread

from gateway.__main__ import main
from gateway.observability.logs import configure_logs
from tests.factories.store_contents import documents_in_mongo, keys_in_redis

CONTENTS = "EMBEDDED_CONTENTS"


def log_everything() -> None:
    """Let the level be DEBUG wherever logs are set up without naming one."""
    defaults = configure_logs.__kwdefaults__
    assert defaults is not None
    assert "level" in defaults
    defaults["level"] = logging.DEBUG
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)  # it has a level of its own


def _write_contents() -> None:
    from fakeredis import FakeRedis

    from datasources.embedded import mongo, redis

    keys = keys_in_redis(FakeRedis(server=redis._server(), decode_responses=True))
    documents = documents_in_mongo(mongo._server()[mongo.DATABASE])
    path = Path(os.environ[CONTENTS])
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps({"redis": list(keys), "mongo": list(documents)}))
    draft.rename(path)


if __name__ == "__main__":
    log_everything()
    # In a thread: what the signal interrupts may hold the lock of the store.
    signal.signal(signal.SIGUSR1, lambda *_: Thread(target=_write_contents).start())
    main()
