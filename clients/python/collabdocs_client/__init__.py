"""A client of CollabDocs: the HTTP API, and documents that follow what everybody types.

Every position, length and size is counted in code points, as Python's `str` does.
"""

from .client import Client, DocumentInfo
from .document import Document
from .errors import (
    CollabDocsError,
    Diverged,
    DocumentTooLarge,
    Forbidden,
    InvalidMessage,
    LogChanged,
    LoggedOut,
    NoDocument,
    NotAllowed,
    OperationRefused,
    OperationTooLarge,
    OutOfOrder,
    RateLimited,
    Refused,
    SeqReused,
    Stale,
    TakenOver,
    VersionTooOld,
    VersionUnknown,
)
from .line import Backoff
from .ot import InvalidOperation, Operation
from .replica import Change

__all__ = [
    "Backoff",
    "Change",
    "Client",
    "CollabDocsError",
    "Diverged",
    "Document",
    "DocumentInfo",
    "DocumentTooLarge",
    "Forbidden",
    "InvalidMessage",
    "InvalidOperation",
    "LogChanged",
    "LoggedOut",
    "NoDocument",
    "NotAllowed",
    "Operation",
    "OperationRefused",
    "OperationTooLarge",
    "OutOfOrder",
    "RateLimited",
    "Refused",
    "SeqReused",
    "Stale",
    "TakenOver",
    "VersionTooOld",
    "VersionUnknown",
]
