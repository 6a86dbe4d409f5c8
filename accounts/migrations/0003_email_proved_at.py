from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_guests_and_scopes'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='email_proved_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='when a letter to it was answered', null=True),
        ),
    ]
