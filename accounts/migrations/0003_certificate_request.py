"""Certificates asked of KSeF for keys that were made here."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# S53: what a user keeps is visible to that user alone (docs/adr/0003).
ISOLATE = """
ALTER TABLE accounts_certificaterequest ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts_certificaterequest FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON accounts_certificaterequest
    USING ({rule}) WITH CHECK ({rule});
"""
OWN = (
    "company_id = nullif(current_setting('app.company_id', true), '')::uuid"
    " AND user_id = nullif(current_setting('app.user_id', true), '')::uuid"
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_ksef_configuration"),
    ]

    operations = [
        migrations.CreateModel(
            name="CertificateRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=100)),
                ("secret", models.BinaryField()),
                ("reference", models.CharField(blank=True, max_length=36)),
                ("requested_at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.company",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="certificaterequest_company_id"),
                    models.UniqueConstraint(
                        fields=("company", "user", "environment"), name="certificaterequest_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(ISOLATE.format(rule=OWN), migrations.RunSQL.noop),
    ]
