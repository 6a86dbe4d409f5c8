from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("documents", "0006_comments"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="idempotentrequest",
            index=models.Index(fields=["created_at"], name="answer_by_time"),
        ),
    ]
