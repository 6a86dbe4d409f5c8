"""Documents, their logs, and who works on them.

A document *is* its operations 1..n; everything else that holds text or a version here is a copy that may trail.
"""

import uuid

from django.conf import settings
from django.db import models


class Document(models.Model):
    """A text with a title. `version` and `updated_at` are copies for lists: the log alone knows the head."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    title = models.CharField(max_length=200, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="documents")
    version = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False, db_index=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    role: str  # the caller's, set by permissions
    content: str  # the text at `version`, set by history

    def __str__(self) -> str:
        return self.title or "Untitled"


class Role(models.TextChoices):
    """What a person may do with a document, most first."""

    OWNER = "owner"
    EDITOR = "editor"
    COMMENTER = "commenter"
    VIEWER = "viewer"


class Collaborator(models.Model):
    """Somebody beside the owner who may see a document. The owner stands in the document: there is exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collaborations")
    role = models.CharField(max_length=10, choices=[c for c in Role.choices if c[0] != Role.OWNER])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "user"], name="one_role_each")]
        indexes = [models.Index(fields=["document", "user"], name="role_by_document")]


class Operation(models.Model):
    """One entry of a log: inserted once, never changed.

    The key is the document and the version, so that the native primary key of any database refuses two entries
    of one version, and a page of history is a range of keys. There are no foreign keys: erasing a person must
    not touch a log, and an insert should cost nothing but itself.
    """

    key = models.CharField(primary_key=True, max_length=45, editable=False, db_column="_id")
    version = models.PositiveBigIntegerField()
    client_id = models.UUIDField()
    seq = models.PositiveBigIntegerField()
    author_id = models.UUIDField(null=True)
    operation = models.TextField(help_text="canonical components as JSON")
    length = models.PositiveIntegerField(help_text="code points of the text after it")
    created_at = models.DateTimeField()

    class Meta:
        # A client's newest entry in a document, which decides what is a resend.
        indexes = [models.Index(fields=["client_id", "key"], name="entry_by_client")]


class Checkpoint(models.Model):
    """A compressed copy of a text at one version; any of them may be deleted at any time."""

    key = models.CharField(primary_key=True, max_length=45, editable=False, db_column="_id")
    version = models.PositiveBigIntegerField()
    data = models.BinaryField(help_text="the text in UTF-8, by zlib")


class LogIdentity(models.Model):
    """The name of this installation's history: a new one says that an older backup was restored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    created_at = models.DateTimeField(auto_now_add=True)


class IdempotentRequest(models.Model):
    """A write that named an Idempotency-Key, and what it was answered (None while it is under way)."""

    key = models.CharField(primary_key=True, max_length=64, editable=False, db_column="_id")
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
