from django.db import migrations

# MongoDB's unique index is not used for look-ups, and every page looks for its session.
KEYS = [("session_key", -1)]


def add(apps, schema_editor):
    schema_editor.connection.get_collection("django_session").create_index(KEYS, name="session_by_key")


def drop(apps, schema_editor):
    schema_editor.connection.get_collection("django_session").drop_index("session_by_key")


class Migration(migrations.Migration):
    dependencies = [("sessions", "0001_initial")]

    operations = [migrations.RunPython(add, drop)]
