"""Packages of many documents, the UPO of a session, and what KSeF was asked lately."""

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
# S53: a key and what it opens belong to one user, administrators included.
OWN = f"{COMPANY} AND user_id = nullif(current_setting('app.user_id', true), '')::uuid"
RULES = {
    "invoices_batch": COMPANY,
    "invoices_batchjournal": OWN,
    "invoices_upopage": COMPANY,
}
# A row cannot point at another company's row: the key holds both.
SAME_COMPANY = """
ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_company
    FOREIGN KEY (company_id, {column}) REFERENCES {target} (company_id, id);
"""
REFERENCES = (
    ("invoices_submission", "batch_id", "invoices_batch"),
    ("invoices_batchjournal", "batch_id", "invoices_batch"),
    ("invoices_upopage", "batch_id", "invoices_batch"),
    ("invoices_upo", "page_id", "invoices_upopage"),
)
APPEND_ONLY = """
REVOKE UPDATE, DELETE, TRUNCATE ON invoices_upopage FROM kwit_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoices_upopage
    FOR EACH ROW EXECUTE FUNCTION kwit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoices_upopage
    FOR EACH STATEMENT EXECUTE FUNCTION kwit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_plans_and_recall"),
        ("invoices", "0005_corrections"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("environment", models.CharField(max_length=20)),
                ("is_offline", models.BooleanField()),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("gathered", "gathered"),
                            ("opened", "opened"),
                            ("closing", "closing"),
                            ("closed", "closed"),
                            ("judged", "judged"),
                            ("done", "done"),
                            ("given_up", "given_up"),
                        ],
                        default="gathered",
                        max_length=20,
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=36)),
                ("asked_at", models.DateTimeField(null=True)),
                ("abandoned", models.JSONField(default=list)),
                ("cursors", models.JSONField(default=list)),
                ("missing_since", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("next_attempt_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("invoice_count", models.PositiveIntegerField()),
                ("accepted_count", models.PositiveIntegerField(default=0)),
                ("rejected_count", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="BatchJournal",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("key", models.BinaryField()),
                ("progress", models.BinaryField(null=True)),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="OutboxTurn",
            fields=[
                ("company_id", models.UUIDField(primary_key=True, serialize=False)),
                ("taken_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RateAllowance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("environment", models.CharField(max_length=20)),
                ("context", models.CharField(max_length=10)),
                ("told", models.JSONField(default=dict)),
                ("is_stale", models.BooleanField(default=False)),
                ("session_invoices", models.PositiveIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RateLane",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("environment", models.CharField(max_length=20)),
                ("context", models.CharField(blank=True, max_length=10)),
                ("group", models.CharField(max_length=30)),
                ("counted", models.TextField(db_default="[0,[]]", default="[0,[]]")),
            ],
        ),
        migrations.CreateModel(
            name="UPOPage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("reference", models.CharField(max_length=36)),
                ("xml", models.BinaryField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("fetched_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="outboxentry",
            name="batch_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="outboxentry",
            name="deadline",
            field=models.DateField(null=True),
        ),
        migrations.AlterField(
            model_name="outboxentry",
            name="kind",
            field=models.CharField(
                choices=[("deliver", "Deliver"), ("fetch_upo", "Fetch Upo"), ("send_batch", "Send Batch")],
                max_length=20,
            ),
        ),
        migrations.AddIndex(
            model_name="outboxentry",
            index=models.Index(
                condition=models.Q(("batch_id__isnull", False)), fields=["batch_id"], name="outbox_by_batch"
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="batch",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="members",
                to="invoices.batch",
            ),
        ),
        migrations.AddField(
            model_name="batchjournal",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="invoices.batch",
            ),
        ),
        migrations.AddField(
            model_name="batchjournal",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="batchjournal",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="rateallowance",
            constraint=models.UniqueConstraint(fields=("environment", "context"), name="rateallowance_once"),
        ),
        migrations.AddConstraint(
            model_name="ratelane",
            constraint=models.UniqueConstraint(
                fields=("environment", "context", "group"), name="ratelane_once"
            ),
        ),
        migrations.AddField(
            model_name="upopage",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pages",
                to="invoices.batch",
            ),
        ),
        migrations.AddField(
            model_name="upopage",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.company",
            ),
        ),
        migrations.AddField(
            model_name="upo",
            name="page",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="invoices.upopage",
            ),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["company", "-created_at"], name="batch_by_date"),
        ),
        migrations.AddConstraint(
            model_name="batch",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="batch_company_id"),
        ),
        migrations.AddConstraint(
            model_name="batchjournal",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="batchjournal_company_id"),
        ),
        migrations.AddConstraint(
            model_name="batchjournal",
            constraint=models.UniqueConstraint(fields=("company", "batch"), name="batchjournal_once"),
        ),
        migrations.AddConstraint(
            model_name="upopage",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="upopage_company_id"),
        ),
        migrations.AddConstraint(
            model_name="upopage",
            constraint=models.UniqueConstraint(fields=("company", "batch", "reference"), name="upopage_once"),
        ),
        *(
            migrations.RunSQL(ISOLATE.format(table=table, rule=rule), migrations.RunSQL.noop)
            for table, rule in RULES.items()
        ),
        *(
            migrations.RunSQL(
                SAME_COMPANY.format(table=table, column=column, target=target), migrations.RunSQL.noop
            )
            for table, column, target in REFERENCES
        ),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
