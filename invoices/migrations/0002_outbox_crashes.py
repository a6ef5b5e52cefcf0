"""The queue counts crashes in a row; whether a document goes as offline is said by its invoice alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial"), ("accounts", "0002_waiting_and_refusals")]

    operations = [
        migrations.AddField("outboxentry", "crashes", models.PositiveSmallIntegerField(default=0)),
        migrations.RemoveField("submission", "is_offline"),
    ]
