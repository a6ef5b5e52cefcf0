"""What KSeF holds under a number that one of our invoices wanted."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

# The tenant's rows only, for reading and for writing (docs/adr/0003); nothing is changed afterwards (docs/adr/0004).
PROTECT = """
ALTER TABLE invoices_conflictingdocument ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoices_conflictingdocument FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invoices_conflictingdocument
    USING (company_id = nullif(current_setting('app.company_id', true), '')::uuid)
    WITH CHECK (company_id = nullif(current_setting('app.company_id', true), '')::uuid);
ALTER TABLE invoices_conflictingdocument ADD CONSTRAINT invoices_conflictingdocument_invoice_id_same_company
    FOREIGN KEY (company_id, invoice_id) REFERENCES invoices_invoice (company_id, id);
REVOKE UPDATE, DELETE, TRUNCATE ON invoices_conflictingdocument FROM kwit_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoices_conflictingdocument
    FOR EACH ROW EXECUTE FUNCTION kwit_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoices_conflictingdocument
    FOR EACH STATEMENT EXECUTE FUNCTION kwit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_plans_and_recall"),
        ("invoices", "0003_events_of_deadlines"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConflictingDocument",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("ksef_number", models.CharField(max_length=35)),
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
                        related_name="conflicts",
                        to="invoices.invoice",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="conflictingdocument_company_id"),
                    models.UniqueConstraint(
                        fields=("company", "invoice", "ksef_number"), name="conflictingdocument_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(PROTECT, migrations.RunSQL.noop),
    ]
