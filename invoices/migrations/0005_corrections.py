"""Corrections: what each is about, and the lines that stood before it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A row cannot point at another company's row: the key holds both (docs/adr/0003).
SAME_COMPANY = """
ALTER TABLE invoices_invoice ADD CONSTRAINT invoices_invoice_{column}_same_company
    FOREIGN KEY (company_id, {column}) REFERENCES invoices_invoice (company_id, id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_plans_and_recall"),
        ("invoices", "0004_conflicting_documents"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="correction_effect",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (1, "w dacie ujęcia faktury pierwotnej"),
                    (2, "w dacie wystawienia korekty"),
                    (3, "w innej dacie, także różnej dla pozycji"),
                ],
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="correction_reason",
            field=models.CharField(blank=True, db_default="", max_length=256),
        ),
        migrations.AddField(
            model_name="invoice",
            name="kind",
            field=models.CharField(
                choices=[("VAT", "Faktura"), ("KOR", "Faktura korygująca")],
                db_default="VAT",
                default="VAT",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="original",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="invoices.invoice",
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="state_before",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="invoices.invoice",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "approved", "queued", "sending", "offline", "rejected"])
                ),
                fields=("company", "original"),
                name="invoice_one_open_correction",
            ),
        ),
        *(
            migrations.RunSQL(SAME_COMPANY.format(column=column), migrations.RunSQL.noop)
            for column in ("original_id", "state_before_id")
        ),
    ]
