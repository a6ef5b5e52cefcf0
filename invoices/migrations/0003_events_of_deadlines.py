"""Taking back, technical corrections, and deadlines that an outage moves."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0002_counters_by_environment"),
    ]

    operations = [
        migrations.AlterField(
            model_name="invoiceevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("approved", "approved"),
                    ("exempted", "exempted"),
                    ("queued", "queued"),
                    ("withdrawn", "withdrawn"),
                    ("claimed", "claimed"),
                    ("submitted", "submitted"),
                    ("deferred", "deferred"),
                    ("deferred_offline", "deferred_offline"),
                    ("issued_offline", "issued_offline"),
                    ("accepted", "accepted"),
                    ("rejected", "rejected"),
                    ("reopened", "reopened"),
                    ("recalled", "recalled"),
                    ("corrected", "corrected"),
                    ("deadline_moved", "deadline_moved"),
                    ("released", "released"),
                    ("cancelled", "cancelled"),
                ],
                max_length=30,
            ),
        ),
    ]
