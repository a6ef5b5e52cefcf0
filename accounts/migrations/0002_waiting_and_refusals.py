"""KSeF's "too many requests" holds a company, its "no" at the door holds a credential."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField("company", "ksef_wait_until", models.DateTimeField(null=True)),
        migrations.AddField("ksefcredential", "refused_at", models.DateTimeField(null=True)),
    ]
