"""What a company has subscribed to, and how long its invoices wait for second thoughts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_certificate_request"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="plan",
            field=models.CharField(
                choices=[("efaktury", "eFaktury"), ("plus", "eFaktury Plus")],
                db_default="plus",
                default="plus",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="company",
            name="recall_minutes",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(("recall_minutes__lte", 30)), name="company_recall_minutes"
            ),
        ),
    ]
