"""What the lighthouse published, deadlines with their article, and technical corrections."""

import uuid

from django.db import migrations, models

# What the lighthouse published is proof and is never changed.
PROTECT = """
REVOKE UPDATE, DELETE, TRUNCATE ON invoices_outagemessage FROM kwit_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoices_outagemessage
    FOR EACH ROW EXECUTE FUNCTION kwit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoices_outagemessage
    FOR EACH STATEMENT EXECUTE FUNCTION kwit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_plans_and_recall"),
        ("invoices", "0006_batches"),
    ]

    operations = [
        migrations.CreateModel(
            name="LighthouseWatch",
            fields=[
                ("environment", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("asked_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("walk_began_at", models.DateTimeField(null=True)),
                ("walked_to", models.UUIDField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="invoice",
            name="deadline_basis",
            field=models.CharField(
                blank=True,
                choices=[("106nda", "106nda"), ("106nh", "106nh"), ("106nf", "106nf"), ("106ng", "106ng")],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="issued_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="invoicedocument",
            name="corrects",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.CreateModel(
            name="OutageMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("message_id", models.CharField(max_length=100)),
                ("event", models.BigIntegerField()),
                ("category", models.CharField(max_length=40)),
                ("kind", models.CharField(max_length=40)),
                ("title", models.TextField(blank=True)),
                ("text", models.TextField(blank=True)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("version", models.IntegerField()),
                ("published_at", models.DateTimeField()),
                ("read_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("environment", "message_id", "version", "published_at"),
                        name="outagemessage_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(PROTECT, migrations.RunSQL.noop),
    ]
