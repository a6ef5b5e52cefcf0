"""Numbers are counted in each environment for itself, so that practice leaves no gap among legal numbers (S13)."""

from django.db import migrations, models

# The counters so far are those of the environment that the company has; the owner sees no row while the policy
# is forced upon it.
FILL = """
ALTER TABLE invoices_numbercounter NO FORCE ROW LEVEL SECURITY;
UPDATE invoices_numbercounter SET environment = accounts_company.environment
    FROM accounts_company WHERE accounts_company.id = invoices_numbercounter.company_id;
ALTER TABLE invoices_numbercounter FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoices", "0001_initial"),
        ("accounts", "0002_ksef_configuration"),
    ]

    operations = [
        migrations.AddField(
            model_name="numbercounter",
            name="environment",
            field=models.CharField(max_length=20, default=""),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="numbercounter", name="numbercounter_period"),
        migrations.AddConstraint(
            model_name="numbercounter",
            constraint=models.UniqueConstraint(
                fields=("company", "series", "environment", "period"), name="numbercounter_period"
            ),
        ),
    ]
