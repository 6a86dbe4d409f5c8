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
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="when it came into the trash")
    purged_at = models.DateTimeField(null=True, editable=False, help_text="from when on nobody can bring it back")
    locked_at = models.DateTimeField(null=True, editable=False, help_text="since when nobody may change it")

    role: str  # the caller's, set by permissions
    head: int  # the newest version when access was checked, set by permissions
    content: str  # the text at `version`, set by history

    def __str__(self) -> str:
        return self.title or "Untitled"

    @property
    def locked(self) -> bool:
        """Whether nobody may change it now."""
        return self.locked_at is not None


class Role(models.TextChoices):
    """What a person may do with a document, most first."""

    OWNER = "owner"
    EDITOR = "editor"
    COMMENTER = "commenter"
    VIEWER = "viewer"


GIVEN_ROLES = tuple(role for role in Role if role != Role.OWNER)  # by sharing; an owner is made by transfer
GIVEN_CHOICES = [(role.value, role.label) for role in GIVEN_ROLES]


class ShareLink(models.Model):
    """A secret that lets in whoever holds it. Only a digest of it is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="share_links")
    role = models.CharField(max_length=10, choices=GIVEN_CHOICES)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="when it was revoked, or found to have expired")

    class Meta:
        indexes = [models.Index(fields=["digest"], name="share_link_by_digest")]

    def __str__(self) -> str:
        return f"share link {self.pk}"


class Collaborator(models.Model):
    """Somebody beside the owner who may see a document. The owner stands in the document: there is exactly one.

    Who came by a link has the link's role until the link ends, and then again what they had before it, if anything.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="collaborators")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collaborations")
    role = models.CharField(max_length=10, choices=GIVEN_CHOICES)
    link = models.ForeignKey(ShareLink, on_delete=models.CASCADE, null=True, blank=True, related_name="arrivals")
    former_role = models.CharField(max_length=10, blank=True, default="", db_default="", help_text="before the link")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="as the link's, where nothing remains after it")

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
    """A compressed copy of a text at one version; any of them may be deleted at any time, wholes after their changes.

    It holds the text, or (with a `base`) the operation that makes it of the text that is copied whole at `base`.
    """

    key = models.CharField(primary_key=True, max_length=45, editable=False, db_column="_id")
    version = models.PositiveBigIntegerField()
    base = models.PositiveBigIntegerField(null=True)
    data = models.BinaryField(help_text="the text in UTF-8, or the operation as JSON, by zlib")


class BlameCheckpoint(models.Model):
    """A compressed copy of who wrote what in the text at one version; may be deleted like any copy."""

    key = models.CharField(primary_key=True, max_length=45, editable=False, db_column="_id")
    version = models.PositiveBigIntegerField()
    data = models.BinaryField(help_text="columns of integers as JSON, by zlib: see copies.blame")


class Revision(models.Model):
    """A run of one author's operations without a long pause: the log folded for people, and a copy like the others.

    The key is the document and the revision's number, so that a page of them is a range of keys too.
    """

    key = models.CharField(primary_key=True, max_length=45, editable=False, db_column="_id")
    number = models.PositiveBigIntegerField(help_text="counts from 1 in its document")
    from_version = models.PositiveBigIntegerField()
    to_version = models.PositiveBigIntegerField()
    author_id = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    inserted = models.PositiveBigIntegerField(help_text="code points")
    deleted = models.PositiveBigIntegerField(help_text="code points")


class NamedVersion(models.Model):
    """A version that somebody gave a name, to find it again."""

    key = models.CharField(primary_key=True, max_length=45, editable=False, db_column="_id")
    version = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200)
    author_id = models.UUIDField(null=True, help_text="who named it")
    created_at = models.DateTimeField(help_text="when it was named")


class SearchCopy(models.Model):
    """A document's title and text, case-folded, as they are searched; `version` is the text's."""

    document_id = models.UUIDField(primary_key=True, editable=False, db_column="_id")
    version = models.PositiveBigIntegerField()
    title = models.TextField()
    text = models.TextField()


class LogIdentity(models.Model):
    """The name of this installation's history: a new one says that an older backup was restored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    created_at = models.DateTimeField(auto_now_add=True)


class IdempotentRequest(models.Model):
    """A write that named an Idempotency-Key, and what it was answered (None while it is under way)."""

    key = models.CharField(primary_key=True, max_length=64, editable=False, db_column="_id")
    fingerprint = models.CharField(max_length=64)
    write_id = models.UUIDField(default=uuid.uuid4, help_text="names what it makes, so that it is known again")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="answer_by_time")]


class Comment(models.Model):
    """What somebody says of a stretch of a text, or (with a parent) in answer to that.

    The anchor is a copy like others: where the stretch stands in the text at `version`, moved there from where it was
    made. A deleted one has neither body nor author left. It is a place in its thread while there are answers; a while
    later, it goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_column="_id")
    document_id = models.UUIDField()
    parent_id = models.UUIDField(null=True, help_text="the first comment of its thread")
    author_id = models.UUIDField(null=True)
    body = models.TextField()
    start = models.PositiveIntegerField(help_text="code points")
    end = models.PositiveIntegerField(help_text="code points")
    version = models.PositiveBigIntegerField(help_text="of the text in which it stands there")
    quote = models.TextField(help_text="what stood there when it was made, or the beginning of it")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(db_index=True, help_text="grows with each change, but for moves")
    resolved_at = models.DateTimeField(null=True)
    resolved_by_id = models.UUIDField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["document_id", "created_at"], name="comment_by_document")]
