"""Roles count their changes, so that a form opened before the last one is refused."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("roles", "0002_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="role",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
    ]
