from django.db import migrations


def name_the_history(apps, schema_editor):
    """Once, before two first visitors could each give it a name."""
    identities = apps.get_model("documents", "LogIdentity").objects
    if not identities.exists():
        identities.create()


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]

    operations = [migrations.RunPython(name_the_history, migrations.RunPython.noop)]
