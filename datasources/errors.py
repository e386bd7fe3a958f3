"""The error tree of the stores.

DataSourceError
├── StoreError(store)          the store did its part of nothing
│   ├── StoreUnavailable       refused, reset, or not there
│   ├── StoreTimeout           did not answer in time
│   └── OutcomeUnknown         was lost while it committed: it did all of it, or nothing
└── Conflict                   a write met a state it was not made for
"""


class DataSourceError(Exception):
    """Whatever a store call may raise on purpose."""


class StoreError(DataSourceError):
    """A store that cannot answer. `store` is its public name: postgres, mongo or redis."""

    def __init__(self, store: str, detail: str = "") -> None:
        super().__init__(f"{store}: {detail}" if detail else store)
        self.store = store
        self.detail = detail


class StoreUnavailable(StoreError):
    """The store refused the connection, dropped it, or is not there."""


class StoreTimeout(StoreError):
    """The store did not answer within its time limit."""


class OutcomeUnknown(StoreError):
    """The store was lost in the middle of a commit: all of the change is stored, or nothing."""


class Conflict(DataSourceError):
    """A write met a state that it was not made for; nothing has changed."""
