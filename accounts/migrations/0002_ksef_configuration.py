"""What the KSeF configuration keeps: methods side by side, offline certificates, notices, the company's choices."""

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

POLICIES = (
    ("accounts_offlinecertificate", OWN),
    ("accounts_accessnotice", OWN),
    ("accounts_helpanswer", OWN),
    ("accounts_accessstate", COMPANY),
)

# Until now a certificate meant a self-signed one. The owner sees no row while the policy is forced upon it.
RENAME_PRACTICE = """
ALTER TABLE accounts_ksefcredential NO FORCE ROW LEVEL SECURITY;
UPDATE accounts_ksefcredential SET kind = 'practice' WHERE kind = 'certificate';
ALTER TABLE accounts_ksefcredential FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("access", "Access"),
                            ("certificate", "Certificate"),
                            ("offline_certificate", "Offline Certificate"),
                            ("tokens", "Tokens"),
                        ],
                        max_length=30,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("days_before", models.PositiveSmallIntegerField()),
                ("raised_at", models.DateTimeField()),
                ("mailed_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="AccessState",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("certificate", "Certyfikat Ministerstwa Finansów"),
                            ("token", "Token"),
                            ("practice", "Certyfikat do ćwiczeń"),
                        ],
                        max_length=20,
                    ),
                ),
                ("access_until", models.DateTimeField(null=True)),
                ("certificate_until", models.DateTimeField(null=True)),
                ("is_refused", models.BooleanField(default=False)),
                ("reminded_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="AccessTimer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("company_id", models.UUIDField()),
                ("user_id", models.UUIDField()),
                ("environment", models.CharField(max_length=20)),
                ("renew_at", models.DateTimeField(null=True)),
                ("notice_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="HelpAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("article", models.CharField(max_length=40)),
                ("is_helpful", models.BooleanField()),
                ("comment", models.TextField(blank=True, max_length=1000)),
                ("answered_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="OfflineCertificate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("certificate", models.BinaryField(null=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("subject", models.CharField(blank=True, max_length=512)),
                ("serial", models.CharField(blank=True, max_length=64)),
                ("certificate_from", models.DateTimeField(null=True)),
                ("certificate_until", models.DateTimeField(null=True)),
                ("environment", models.CharField(max_length=20)),
                ("secret", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.RemoveConstraint(
            model_name="ksefcredential",
            name="ksefcredential_one_per_user_and_environment",
        ),
        migrations.AddField(
            model_name="company",
            name="fetches_at_login",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="company",
            name="ksef_scope",
            field=models.CharField(
                choices=[("receive", "Tylko odbiór"), ("both", "Odbiór i wysyłka")],
                default="both",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="production_confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="company",
            name="sends_consumer_invoices",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="certificate",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="certificate_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="certificate_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="fingerprint",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="is_active",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="login_reference",
            field=models.CharField(blank=True, max_length=36),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="problem",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="problem_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="renewing_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="serial",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="subject",
            field=models.CharField(blank=True, max_length=512),
        ),
        migrations.AddField(
            model_name="ksefcredential",
            name="used_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="ksefcredential",
            name="kind",
            field=models.CharField(
                choices=[
                    ("certificate", "Certyfikat Ministerstwa Finansów"),
                    ("token", "Token"),
                    ("practice", "Certyfikat do ćwiczeń"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="ksefcredential",
            constraint=models.UniqueConstraint(
                fields=("company", "user", "environment", "kind"), name="ksefcredential_once_per_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="ksefcredential",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("company", "user", "environment"),
                name="ksefcredential_one_active",
            ),
        ),
        migrations.AddField(
            model_name="accessnotice",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="accessnotice",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="accessstate",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="accessstate",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="accesstimer",
            index=models.Index(fields=["renew_at"], name="accesstimer_renew"),
        ),
        migrations.AddIndex(
            model_name="accesstimer",
            index=models.Index(fields=["notice_at"], name="accesstimer_notice"),
        ),
        migrations.AddConstraint(
            model_name="accesstimer",
            constraint=models.UniqueConstraint(
                fields=("company_id", "user_id", "environment"), name="accesstimer_once"
            ),
        ),
        migrations.AddField(
            model_name="helpanswer",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="helpanswer",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="offlinecertificate",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="offlinecertificate",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="accessnotice",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="accessnotice_company_id"),
        ),
        migrations.AddConstraint(
            model_name="accessnotice",
            constraint=models.UniqueConstraint(
                fields=("company", "user", "environment", "about", "expires_at", "days_before"),
                name="accessnotice_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessstate",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="accessstate_company_id"),
        ),
        migrations.AddConstraint(
            model_name="accessstate",
            constraint=models.UniqueConstraint(
                fields=("company", "user", "environment"), name="accessstate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="helpanswer",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="helpanswer_company_id"),
        ),
        migrations.AddConstraint(
            model_name="helpanswer",
            constraint=models.UniqueConstraint(fields=("company", "user", "article"), name="helpanswer_once"),
        ),
        migrations.AddConstraint(
            model_name="offlinecertificate",
            constraint=models.UniqueConstraint(
                fields=("company", "id"), name="offlinecertificate_company_id"
            ),
        ),
        migrations.AddConstraint(
            model_name="offlinecertificate",
            constraint=models.UniqueConstraint(
                fields=("company", "user", "environment"), name="offlinecertificate_once"
            ),
        ),
        *(
            migrations.RunSQL(ISOLATE.format(table=table, rule=rule), migrations.RunSQL.noop)
            for table, rule in POLICIES
        ),
        migrations.RunSQL(RENAME_PRACTICE, migrations.RunSQL.noop),
    ]
