"""What keeps one set of models and migrations good for SQLite and MongoDB."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from accounts import tokens
from accounts.models import RefreshSession
from accounts.schema import without_trailing_slashes

MODELS = list(apps.get_app_config("accounts").get_models())


@pytest.mark.parametrize("model", MODELS)
def test_every_key_is_the_native_one(model):
    assert model._meta.pk.column == "_id"
    assert "default_auto_field" not in vars(type(apps.get_app_config("accounts")))


@pytest.mark.parametrize("model", MODELS)
def test_every_unique_field_has_a_plain_twin(model):
    unique = {field.name for field in model._meta.fields if field.unique and not field.primary_key}
    assert unique <= {index.fields[0] for index in model._meta.indexes}


def test_the_migrations_depend_on_no_certain_auth_migration():
    first = MigrationLoader(None).get_migration("accounts", "0001_initial")
    assert ("auth", "__latest__") in first.dependencies or all(app != "auth" for app, _ in first.dependencies)


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "accounts", check=True, dry_run=True, verbosity=0)


def test_expired_sessions_are_forgotten(alice):
    tokens.start_session(alice)
    tokens.start_session(alice)
    RefreshSession.objects.filter(pk=RefreshSession.objects.first().pk).update(expires_at=timezone.now())
    out = StringIO()
    call_command("clear_sessions", stdout=out)
    assert RefreshSession.objects.count() == 1 and "1 sessions" in out.getvalue()


def test_swagger_is_told_how_to_log_in():
    schema = SchemaGenerator().get_schema(public=True)
    flow = schema["components"]["securitySchemes"]["bearer"]["flows"]["password"]
    assert flow["tokenUrl"] == "/api/token"
    assert {"bearer": []} in schema["paths"][next(path for path in schema["paths"] if "me" in path)]["get"]["security"]


def test_the_schema_shows_no_trailing_slash():
    assert without_trailing_slashes([("/api/users/", "^users/?$", "GET", None)])[0][0] == "/api/users"
