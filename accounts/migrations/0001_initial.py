"""Users, companies, credentials."""

import uuid

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
# S53: a credential and what it opens belong to one user, administrators included.
OWN = f"{COMPANY} AND user_id = nullif(current_setting('app.user_id', true), '')::uuid"

USER_TABLES = ("accounts_ksefcredential",)


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="Adres e-mail")),
                ("full_name", models.CharField(max_length=120, verbose_name="Imię i nazwisko")),
                ("is_active", models.BooleanField(default=True)),
                ("date_joined", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Company",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=512)),
                ("nip", models.CharField(max_length=10)),
                ("address_line1", models.CharField(max_length=512)),
                ("address_line2", models.CharField(blank=True, max_length=512)),
                ("bank_account", models.CharField(blank=True, max_length=34)),
                ("environment", models.CharField(max_length=20)),
                ("ksef_wait_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="KSeFCredential",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[("token", "Token"), ("certificate", "Certyfikat")], max_length=20
                    ),
                ),
                ("secret", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("access_token", models.BinaryField(null=True)),
                ("access_valid_until", models.DateTimeField(null=True)),
                ("refresh_token", models.BinaryField(null=True)),
                ("refresh_valid_until", models.DateTimeField(null=True)),
                ("refused_at", models.DateTimeField(null=True)),
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
                    models.UniqueConstraint(fields=("company", "id"), name="ksefcredential_company_id"),
                    models.UniqueConstraint(
                        fields=("company", "user", "environment"),
                        name="ksefcredential_one_per_user_and_environment",
                    ),
                ],
            },
        ),
        *(
            migrations.RunSQL(ISOLATE.format(table=table, rule=OWN), migrations.RunSQL.noop)
            for table in USER_TABLES
        ),
    ]
