"""Roles, memberships and the audit log."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The tenant's rows only, for reading and for writing; without a setting, none (docs/adr/0003).
ISOLATE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {table}
    USING ({rule}) WITH CHECK ({rule});
"""
COMPANY = "company_id = nullif(current_setting('app.company_id', true), '')::uuid"

# A row cannot point at another company's row: the key holds both.
SAME_COMPANY = """
ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_company
    FOREIGN KEY (company_id, {column}) REFERENCES {target} (company_id, id);
"""

APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM kwit_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION kwit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION kwit_refuse_change();
"""

TENANT_TABLES = (
    "roles_role",
    "roles_auditentry",
)
REFERENCES = (("roles_membership", "role_id", "roles_role"),)
LOGS = ("roles_auditentry",)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("roles", "0001_runtime_role"),
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Role",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "rights",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30)),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.company",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to="accounts.company",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="roles.role",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=60)),
                ("detail", models.JSONField(default=dict)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.company",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "indexes": [models.Index(fields=["company", "-at"], name="auditentry_company_at")],
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="auditentry_company_id")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="role_company_id"),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(fields=("company", "name"), name="role_company_name"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("user", "company"), name="membership_user_company"),
        ),
        *(
            migrations.RunSQL(ISOLATE.format(table=table, rule=COMPANY), migrations.RunSQL.noop)
            for table in TENANT_TABLES
        ),
        *(
            migrations.RunSQL(
                SAME_COMPANY.format(table=table, column=column, target=target), migrations.RunSQL.noop
            )
            for table, column, target in REFERENCES
        ),
        *(migrations.RunSQL(APPEND_ONLY.format(table=table), migrations.RunSQL.noop) for table in LOGS),
    ]
