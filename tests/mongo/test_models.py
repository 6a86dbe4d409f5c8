"""What MongoDB asks of our models, whatever database they are on just now."""

import pytest
from django.apps import apps
from django.db.models import Model, UniqueConstraint

OURS = [model for app in ("accounts", "documents", "realtime") for model in apps.get_app_config(app).get_models()]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_the_key_is_the_native_one(model: type[Model]):
    assert model._meta.pk.column == "_id"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_what_is_unique_is_found_by_a_plain_index(model: type[Model]):
    columns = [(field.name,) for field in model._meta.fields if field.unique and not field.primary_key]
    columns += [each.fields for each in model._meta.constraints if isinstance(each, UniqueConstraint)]
    plain = {tuple(index.fields) for index in model._meta.indexes if index.condition is None}
    assert set(columns) <= plain


@pytest.mark.parametrize("app", ["accounts", "documents", "realtime"])
def test_nothing_counts_rows(app: str):
    assert "default_auto_field" not in vars(type(apps.get_app_config(app)))
    assert not [model for model in OURS if "AutoField" in type(model._meta.pk).__name__]
