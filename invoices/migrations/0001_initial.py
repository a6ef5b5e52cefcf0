"""Contractors, invoices, their history, documents and the way to KSeF."""

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
    "invoices_contractor",
    "invoices_series",
    "invoices_numbercounter",
    "invoices_invoice",
    "invoices_invoiceline",
    "invoices_invoiceevent",
    "invoices_invoicedocument",
    "invoices_upo",
    "invoices_submission",
    "invoices_submissionattempt",
)
USER_TABLES = ("invoices_ksefsession",)
REFERENCES = (
    ("invoices_numbercounter", "series_id", "invoices_series"),
    ("invoices_invoice", "series_id", "invoices_series"),
    ("invoices_invoice", "contractor_id", "invoices_contractor"),
    ("invoices_invoiceline", "invoice_id", "invoices_invoice"),
    ("invoices_invoiceevent", "invoice_id", "invoices_invoice"),
    ("invoices_invoicedocument", "invoice_id", "invoices_invoice"),
    ("invoices_upo", "invoice_id", "invoices_invoice"),
    ("invoices_submission", "invoice_id", "invoices_invoice"),
    ("invoices_submission", "document_id", "invoices_invoicedocument"),
    ("invoices_submissionattempt", "submission_id", "invoices_submission"),
)
LOGS = (
    "invoices_invoiceevent",
    "invoices_invoicedocument",
    "invoices_upo",
)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("roles", "0002_initial"),
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Contractor",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("domestic", "Firma z Polski (NIP)"),
                            ("eu", "Firma z Unii Europejskiej (VAT UE)"),
                            ("foreign", "Firma spoza Unii Europejskiej"),
                            ("consumer", "Konsument (bez NIP)"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(max_length=512)),
                ("tax_id", models.CharField(blank=True, max_length=50)),
                ("tax_country", models.CharField(blank=True, max_length=2)),
                ("country", models.CharField(default="PL", max_length=2)),
                ("address_line1", models.CharField(blank=True, max_length=512)),
                ("address_line2", models.CharField(blank=True, max_length=512)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
            name="Invoice",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("approved", "approved"),
                            ("exempt", "exempt"),
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("offline", "offline"),
                            ("accepted", "accepted"),
                            ("rejected", "rejected"),
                            ("cancelled", "cancelled"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("online", "online"),
                            ("offline24", "offline24"),
                            ("unavailability", "unavailability"),
                            ("failure", "failure"),
                        ],
                        default="online",
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("number", models.CharField(blank=True, max_length=256)),
                ("issue_date", models.DateField()),
                ("supply_date", models.DateField(null=True)),
                (
                    "method",
                    models.CharField(
                        choices=[("net", "od cen netto"), ("gross", "od cen brutto")],
                        default="net",
                        max_length=10,
                    ),
                ),
                ("buyer_name", models.CharField(blank=True, max_length=512)),
                (
                    "exemption_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("act", "Przepis ustawy lub aktu wydanego na jej podstawie"),
                            ("directive", "Przepis dyrektywy 2006/112/WE"),
                            ("other", "Inna podstawa prawna"),
                        ],
                        max_length=10,
                    ),
                ),
                ("exemption_text", models.CharField(blank=True, max_length=256)),
                (
                    "payment_form",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "gotówka"),
                            (2, "karta"),
                            (3, "bon"),
                            (4, "czek"),
                            (5, "kredyt"),
                            (6, "przelew"),
                            (7, "płatność mobilna"),
                        ],
                        null=True,
                    ),
                ),
                ("due_date", models.DateField(null=True)),
                ("bank_account", models.CharField(blank=True, max_length=34)),
                ("note", models.TextField(blank=True)),
                ("net", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("vat", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("gross", models.DecimalField(decimal_places=2, default=0, max_digits=18)),
                ("ksef_number", models.CharField(blank=True, max_length=35)),
                ("send_by", models.DateField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
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
                    "contractor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.contractor",
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
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="InvoiceDocument",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("revision", models.PositiveIntegerField()),
                ("xml", models.BinaryField()),
                ("sha256", models.BinaryField(max_length=32)),
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
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="invoices.invoice",
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
            name="InvoiceEvent",
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
                            ("cancelled", "cancelled"),
                        ],
                        max_length=30,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("data", models.JSONField(default=dict)),
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
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="invoices.invoice",
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
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=512)),
                ("unit", models.CharField(max_length=256)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=22)),
                ("unit_price", models.DecimalField(decimal_places=8, max_digits=22)),
                ("discount_percent", models.DecimalField(decimal_places=2, default=0, max_digits=5)),
                (
                    "rate",
                    models.CharField(
                        choices=[
                            ("23", "23%"),
                            ("8", "8%"),
                            ("5", "5%"),
                            ("0 KR", "0%"),
                            ("zw", "zw"),
                            ("oo", "oo"),
                            ("np I", "np I"),
                            ("np II", "np II"),
                        ],
                        max_length=10,
                    ),
                ),
                ("discount", models.DecimalField(decimal_places=2, max_digits=18)),
                ("net", models.DecimalField(decimal_places=2, max_digits=18)),
                ("vat", models.DecimalField(decimal_places=2, max_digits=18)),
                ("gross", models.DecimalField(decimal_places=2, max_digits=18)),
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
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="invoices.invoice",
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
            name="KSeFSession",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("reference", models.CharField(max_length=36)),
                ("key", models.BinaryField()),
                ("iv", models.BinaryField()),
                ("valid_until", models.DateTimeField()),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(null=True)),
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
            },
        ),
        migrations.CreateModel(
            name="OutboxEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("deliver", "Deliver"), ("fetch_upo", "Fetch Upo")], max_length=20
                    ),
                ),
                ("company_id", models.UUIDField()),
                ("user_id", models.UUIDField()),
                ("target_id", models.UUIDField()),
                ("not_before", models.DateTimeField()),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("crashes", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "indexes": [models.Index(fields=["not_before"], name="outbox_due")],
                "constraints": [models.UniqueConstraint(fields=("kind", "target_id"), name="outbox_once")],
            },
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=60)),
                ("pattern", models.CharField(max_length=100)),
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
            name="NumberCounter",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("period", models.CharField(max_length=7)),
                ("last", models.PositiveIntegerField(default=0)),
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
                    "series",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.series",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="invoice",
            name="series",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="invoices.series",
            ),
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("session_reference", models.CharField(blank=True, max_length=36)),
                ("reference", models.CharField(blank=True, max_length=36)),
                ("missing_since", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
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
                        to="invoices.invoicedocument",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="invoices.invoice",
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
            },
        ),
        migrations.CreateModel(
            name="SubmissionAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("session_reference", models.CharField(blank=True, max_length=36)),
                ("started_at", models.DateTimeField()),
                ("result", models.CharField(blank=True, max_length=40)),
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
                    "submission",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="invoices.submission",
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
            name="UPO",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("xml", models.BinaryField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("fetched_at", models.DateTimeField()),
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
                    "invoice",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="contractor",
            index=models.Index(fields=["company", "name"], name="contractor_company_name"),
        ),
        migrations.AddConstraint(
            model_name="contractor",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="contractor_company_id"),
        ),
        migrations.AddConstraint(
            model_name="invoicedocument",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="invoicedocument_company_id"),
        ),
        migrations.AddConstraint(
            model_name="invoicedocument",
            constraint=models.UniqueConstraint(
                fields=("company", "invoice", "revision"), name="invoicedocument_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceevent",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="invoiceevent_company_id"),
        ),
        migrations.AddConstraint(
            model_name="invoiceevent",
            constraint=models.UniqueConstraint(fields=("company", "invoice", "seq"), name="invoiceevent_seq"),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="invoiceline_company_id"),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                fields=("company", "invoice", "position"), name="invoiceline_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="ksefsession",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="ksefsession_company_id"),
        ),
        migrations.AddConstraint(
            model_name="ksefsession",
            constraint=models.UniqueConstraint(
                fields=("company", "environment", "reference"), name="ksefsession_reference"
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="series_company_id"),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(fields=("company", "name"), name="series_company_name"),
        ),
        migrations.AddConstraint(
            model_name="numbercounter",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="numbercounter_company_id"),
        ),
        migrations.AddConstraint(
            model_name="numbercounter",
            constraint=models.UniqueConstraint(
                fields=("company", "series", "period"), name="numbercounter_period"
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["company", "-issue_date", "-id"], name="invoice_by_date"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["company", "state"], name="invoice_by_state"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="invoice_company_id"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("company", "environment", "number"),
                name="invoice_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="submission_company_id"),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("company", "invoice"),
                name="submission_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="submissionattempt",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="submissionattempt_company_id"),
        ),
        migrations.AddConstraint(
            model_name="submissionattempt",
            constraint=models.UniqueConstraint(
                fields=("company", "submission", "number"), name="submissionattempt_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="upo",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="upo_company_id"),
        ),
        migrations.AddConstraint(
            model_name="upo",
            constraint=models.UniqueConstraint(fields=("company", "invoice"), name="upo_once"),
        ),
        *(
            migrations.RunSQL(ISOLATE.format(table=table, rule=COMPANY), migrations.RunSQL.noop)
            for table in TENANT_TABLES
        ),
        *(
            migrations.RunSQL(ISOLATE.format(table=table, rule=OWN), migrations.RunSQL.noop)
            for table in USER_TABLES
        ),
        *(
            migrations.RunSQL(
                SAME_COMPANY.format(table=table, column=column, target=target), migrations.RunSQL.noop
            )
            for table, column, target in REFERENCES
        ),
        *(migrations.RunSQL(APPEND_ONLY.format(table=table), migrations.RunSQL.noop) for table in LOGS),
    ]
