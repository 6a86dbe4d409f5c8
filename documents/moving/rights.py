"""Groups and permissions of Django's own tables, whose keys each database counts in its own way: by their names.

Their rows are read as they stand, for the source's keys are of a kind that the target's models don't know.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias
from uuid import UUID

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections

from accounts.models import User
from documents.moving.tables import SOURCE, TARGET

Right: TypeAlias = tuple[str, ...]
Records: TypeAlias = dict[Any, dict[str, Any]]


def rights(using: str) -> set[Right]:
    """All there are, each as a tuple of its kind and names; a permission's are its app, model and codename."""
    groups = {key: group["name"] for key, group in _records(using, "auth_group").items()}
    permissions = _permissions(using)
    found: set[Right] = {("group", name) for name in groups.values()}
    for link in _records(using, "auth_group_permissions").values():
        found.add(("group may", groups[link["group_id"]], *permissions[link["permission_id"]]))
    for link in _records(using, User.groups.through._meta.db_table).values():
        found.add(("member", link["user_id"], groups[link["group_id"]]))
    for link in _records(using, User.user_permissions.through._meta.db_table).values():
        found.add(("may", link["user_id"], *permissions[link["permission_id"]]))
    return found


def carry() -> int:
    """Give what is missing and take what is too much; how many."""
    source, target = rights(SOURCE), rights(TARGET)
    for right in sorted(source - target):
        _give(*right)
    for right in sorted(target - source, reverse=True):
        _take(*right)
    return len(source ^ target)


def differences() -> Iterable[str]:
    source, target = rights(SOURCE), rights(TARGET)
    for right in sorted(source ^ target):
        yield f"right {' '.join(right)}: is {'missing' if right in source else 'not in the source'}"


def _give(kind: str, whose: str, *what: str) -> None:
    if kind == "group":
        Group.objects.get_or_create(name=whose)
    else:
        _place(kind, whose).add(_thing(*what))


def _take(kind: str, whose: str, *what: str) -> None:
    if kind == "group":
        Group.objects.filter(name=whose).delete()
    else:
        _place(kind, whose).remove(_thing(*what))


def _place(kind: str, whose: str) -> Any:
    """Where a group's or a person's rights of a kind are kept."""
    if kind == "group may":
        return Group.objects.get(name=whose).permissions
    user = User.objects.get(pk=UUID(whose))
    return user.groups if kind == "member" else user.user_permissions


def _thing(*names: str) -> Group | Permission:
    """The target's own group or permission of these names; a permission is made if somebody has invented it."""
    if len(names) == 1:
        return Group.objects.get(name=names[0])
    app, model, codename = names
    content_type, _ = ContentType.objects.get_or_create(app_label=app, model=model)
    found, _ = Permission.objects.get_or_create(
        content_type=content_type, codename=codename, defaults={"name": codename}
    )
    return found


def _permissions(using: str) -> dict[Any, Right]:
    kinds = _records(using, "django_content_type")
    found: dict[Any, Right] = {}
    for key, permission in _records(using, "auth_permission").items():
        kind = kinds[permission["content_type_id"]]
        found[key] = (kind["app_label"], kind["model"], permission["codename"])
    return found


def _records(using: str, table: str) -> Records:
    """A table's rows by their keys."""
    connection: Any = connections[using]
    if connection.vendor == "mongodb":
        return {row["_id"]: row for row in connection.get_collection(table).find()}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        columns = [column[0] for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor]
    return {row["id"]: row for row in rows}
