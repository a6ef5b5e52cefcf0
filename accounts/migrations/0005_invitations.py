"""Invitations into a company; only a hash of each link's secret is kept."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The tenant's rows only, for reading and for writing; without a setting, none (docs/adr/0003).
ISOLATE = """
ALTER TABLE accounts_invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts_invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON accounts_invitation
    USING (company_id = nullif(current_setting('app.company_id', true), '')::uuid)
    WITH CHECK (company_id = nullif(current_setting('app.company_id', true), '')::uuid);
"""
# A row cannot point at another company's role: the key holds both.
SAME_COMPANY = """
ALTER TABLE accounts_invitation ADD CONSTRAINT accounts_invitation_role_id_same_company
    FOREIGN KEY (company_id, role_id) REFERENCES roles_role (company_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_plans_and_recall"),
        ("roles", "0003_role_version"),
    ]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(max_length=254)),
                ("created_at", models.DateTimeField()),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(null=True)),
                ("accepted_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
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
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="roles.role",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="invitation_company_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None), ("withdrawn_at", None)),
                        fields=("company", "email"),
                        name="invitation_one_pending",
                    ),
                ],
            },
        ),
        migrations.RunSQL(ISOLATE, migrations.RunSQL.noop),
        migrations.RunSQL(SAME_COMPANY, migrations.RunSQL.noop),
    ]
