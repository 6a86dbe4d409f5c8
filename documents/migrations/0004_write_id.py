import uuid

from django.db import migrations, models


def forget_answers(apps, schema_editor):
    """Those kept so far have no names of their own; each had been answered long before this release."""
    apps.get_model("documents", "IdempotentRequest").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_riches_of_the_log")]

    operations = [
        migrations.RunPython(forget_answers, migrations.RunPython.noop),
        migrations.AddField(
            model_name="idempotentrequest",
            name="write_id",
            field=models.UUIDField(default=uuid.uuid4, help_text="names what it makes, so that it is known again"),
        ),
    ]
