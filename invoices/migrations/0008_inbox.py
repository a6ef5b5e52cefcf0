"""What is received from KSeF, how far we have come, and what the documents become: register and purchases."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As in 0001_initial; a migration imports nothing that may change.
ISOLATE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {table}
    USING ({rule}) WITH CHECK ({rule});
"""
COMPANY = "company_id = nullif(current_setting('app.company_id', true), '')::uuid"
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
    "invoices_receiveddocument",
    "invoices_receivedfile",
    "invoices_receivedevent",
    "invoices_receiving",
    "invoices_receivingcursor",
    "invoices_vatentry",
    "invoices_vatentryrate",
    "invoices_purchaseinvoice",
    "invoices_purchaseline",
)
REFERENCES = (
    ("invoices_receivedfile", "document_id", "invoices_receiveddocument"),
    ("invoices_receivedevent", "document_id", "invoices_receiveddocument"),
    ("invoices_receivingcursor", "receiving_id", "invoices_receiving"),
    ("invoices_vatentry", "document_id", "invoices_receiveddocument"),
    ("invoices_vatentryrate", "entry_id", "invoices_vatentry"),
    ("invoices_purchaseinvoice", "document_id", "invoices_receiveddocument"),
    ("invoices_purchaseline", "purchase_id", "invoices_purchaseinvoice"),
)
LOGS = ("invoices_receivedfile", "invoices_receivedevent")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_plans_and_recall"),
        ("invoices", "0007_outages"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="outboxentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("deliver", "Deliver"),
                    ("fetch_upo", "Fetch Upo"),
                    ("send_batch", "Send Batch"),
                    ("receive", "Receive"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="ReceivedDocument",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("ksef_number", models.CharField(max_length=40)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("Subject1", "Subject1"),
                            ("Subject2", "Subject2"),
                            ("Subject3", "Subject3"),
                            ("SubjectAuthorized", "SubjectAuthorized"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        choices=[
                            ("current", "current"),
                            ("verified", "verified"),
                            ("office", "office"),
                            ("register", "register"),
                            ("purchase", "purchase"),
                            ("archived", "archived"),
                            ("deleted", "deleted"),
                        ],
                        default="current",
                        max_length=20,
                    ),
                ),
                ("received_on", models.DateField()),
                ("fetched_at", models.DateTimeField()),
                ("number", models.CharField(blank=True, max_length=256)),
                ("issue_date", models.DateField()),
                ("seller_nip", models.CharField(max_length=10)),
                ("seller_name", models.CharField(blank=True, max_length=512)),
                ("buyer_id", models.CharField(blank=True, max_length=50)),
                ("buyer_name", models.CharField(blank=True, max_length=512)),
                ("net", models.DecimalField(decimal_places=2, max_digits=20)),
                ("vat", models.DecimalField(decimal_places=2, max_digits=20)),
                ("gross", models.DecimalField(decimal_places=2, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("form_code", models.CharField(max_length=40)),
                ("schema_version", models.CharField(blank=True, max_length=20)),
                ("kind", models.CharField(blank=True, max_length=20)),
                ("invoicing_mode", models.CharField(blank=True, max_length=20)),
                ("is_self_invoicing", models.BooleanField()),
                ("has_attachment", models.BooleanField()),
                ("acquired_at", models.DateTimeField()),
                ("stored_at", models.DateTimeField()),
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
            name="PurchaseInvoice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("goods", "towary handlowe"),
                            ("materials", "materiały"),
                            ("services", "usługi obce"),
                            ("energy", "media i energia"),
                            ("car", "samochód i paliwo"),
                            ("equipment", "wyposażenie i środki trwałe"),
                            ("other", "pozostałe koszty"),
                        ],
                        default="other",
                        max_length=20,
                    ),
                ),
                ("due_date", models.DateField(null=True)),
                ("bank_account", models.CharField(blank=True, max_length=34)),
                ("paid_on", models.DateField(null=True)),
                ("created_at", models.DateTimeField()),
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
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.receiveddocument",
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
            name="ReceivedEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("seq", models.PositiveIntegerField()),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("received", "received"),
                            ("verified", "verified"),
                            ("doubted", "doubted"),
                            ("passed", "passed"),
                            ("registered", "registered"),
                            ("purchased", "purchased"),
                            ("archived", "archived"),
                            ("deleted", "deleted"),
                            ("restored", "restored"),
                        ],
                        max_length=20,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
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
                (
                    "document",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="invoices.receiveddocument",
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
            name="ReceivedFile",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("xml", models.BinaryField()),
                ("sha256", models.BinaryField(max_length=32)),
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
                    "document",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="invoices.receiveddocument",
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
            name="Receiving",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("requested", models.PositiveIntegerField(default=0)),
                ("answered", models.PositiveIntegerField(default=0)),
                ("is_thorough", models.BooleanField(default=False)),
                ("began_at", models.DateTimeField(null=True)),
                ("begin_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("found", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("problem_at", models.DateTimeField(null=True)),
                ("setbacks", models.PositiveSmallIntegerField(default=0)),
                ("lanes", models.JSONField(default=dict)),
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
            name="ReceivingCursor",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("Subject1", "Subject1"),
                            ("Subject2", "Subject2"),
                            ("Subject3", "Subject3"),
                            ("SubjectAuthorized", "SubjectAuthorized"),
                        ],
                        max_length=20,
                    ),
                ),
                ("since", models.DateTimeField()),
                ("reached", models.DateTimeField()),
                ("gap_from", models.DateTimeField(null=True)),
                ("gap_until", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("export_reference", models.CharField(blank=True, max_length=36)),
                ("export_secret", models.BinaryField(null=True)),
                ("export_user_id", models.UUIDField(null=True)),
                ("export_since", models.DateTimeField(null=True)),
                ("export_until", models.DateTimeField(null=True)),
                ("export_asked_at", models.DateTimeField(null=True)),
                ("flaws", models.PositiveSmallIntegerField(default=0)),
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
                    "receiving",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cursors",
                        to="invoices.receiving",
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
            name="VatEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("period", models.DateField()),
                (
                    "deduction",
                    models.CharField(
                        choices=[
                            ("full", "pełne odliczenie"),
                            ("part", "odliczenie w połowie (np. samochód)"),
                            ("none", "bez odliczenia"),
                        ],
                        max_length=10,
                    ),
                ),
                ("deducted_percent", models.PositiveSmallIntegerField()),
                ("deducted_vat", models.DecimalField(decimal_places=2, max_digits=20)),
                ("entered_at", models.DateTimeField()),
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
                    "document",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.receiveddocument",
                    ),
                ),
                (
                    "entered_by",
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
            },
        ),
        migrations.CreateModel(
            name="VatEntryRate",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("rate", models.CharField(max_length=20)),
                ("net", models.DecimalField(decimal_places=2, max_digits=20)),
                ("vat", models.DecimalField(decimal_places=2, max_digits=20)),
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
                    "entry",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="invoices.vatentry",
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
            name="PurchaseLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(blank=True, max_length=512)),
                ("unit", models.CharField(blank=True, max_length=256)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=22, null=True)),
                ("price", models.DecimalField(decimal_places=8, max_digits=22, null=True)),
                ("value", models.DecimalField(decimal_places=2, max_digits=20, null=True)),
                ("rate", models.CharField(blank=True, max_length=20)),
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
                    "purchase",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="invoices.purchaseinvoice",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="purchaseline_company_id"),
                    models.UniqueConstraint(
                        fields=("company", "purchase", "position"), name="purchaseline_position"
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="receiveddocument",
            index=models.Index(
                fields=["company", "environment", "-received_on", "-id"], name="receiveddocument_by_day"
            ),
        ),
        migrations.AddIndex(
            model_name="receiveddocument",
            index=models.Index(
                fields=["company", "environment", "place", "-received_on", "-id"],
                name="receiveddocument_by_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="receiveddocument",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="receiveddocument_company_id"),
        ),
        migrations.AddConstraint(
            model_name="receiveddocument",
            constraint=models.UniqueConstraint(
                fields=("company", "environment", "ksef_number"), name="receiveddocument_once"
            ),
        ),
        migrations.AddIndex(
            model_name="purchaseinvoice",
            index=models.Index(
                fields=["company", "environment", "-created_at", "-id"], name="purchaseinvoice_by_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseinvoice",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="purchaseinvoice_company_id"),
        ),
        migrations.AddConstraint(
            model_name="purchaseinvoice",
            constraint=models.UniqueConstraint(fields=("company", "document"), name="purchaseinvoice_once"),
        ),
        migrations.AddConstraint(
            model_name="receivedevent",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="receivedevent_company_id"),
        ),
        migrations.AddConstraint(
            model_name="receivedevent",
            constraint=models.UniqueConstraint(
                fields=("company", "document", "seq"), name="receivedevent_seq"
            ),
        ),
        migrations.AddConstraint(
            model_name="receivedfile",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="receivedfile_company_id"),
        ),
        migrations.AddConstraint(
            model_name="receivedfile",
            constraint=models.UniqueConstraint(fields=("company", "document"), name="receivedfile_once"),
        ),
        migrations.AddConstraint(
            model_name="receiving",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="receiving_company_id"),
        ),
        migrations.AddConstraint(
            model_name="receiving",
            constraint=models.UniqueConstraint(fields=("company", "environment"), name="receiving_once"),
        ),
        migrations.AddConstraint(
            model_name="receivingcursor",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="receivingcursor_company_id"),
        ),
        migrations.AddConstraint(
            model_name="receivingcursor",
            constraint=models.UniqueConstraint(
                fields=("company", "receiving", "role"), name="receivingcursor_role"
            ),
        ),
        migrations.AddIndex(
            model_name="vatentry",
            index=models.Index(fields=["company", "environment", "period"], name="vatentry_by_period"),
        ),
        migrations.AddConstraint(
            model_name="vatentry",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="vatentry_company_id"),
        ),
        migrations.AddConstraint(
            model_name="vatentry",
            constraint=models.UniqueConstraint(fields=("company", "document"), name="vatentry_once"),
        ),
        migrations.AddConstraint(
            model_name="vatentryrate",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="vatentryrate_company_id"),
        ),
        migrations.AddConstraint(
            model_name="vatentryrate",
            constraint=models.UniqueConstraint(
                fields=("company", "entry", "position"), name="vatentryrate_position"
            ),
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
