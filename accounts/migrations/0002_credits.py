import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from lio.walls import Wall


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CreditAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('balance', models.BigIntegerField()),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization',), name='one_credit_account'), models.CheckConstraint(condition=models.Q(('balance__gte', 0)), name='credits_not_below_zero')],
            },
        ),
        migrations.CreateModel(
            name='CreditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120)),
                ('amount', models.BigIntegerField()),
                ('is_open', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name_plural': 'credit entries',
                'indexes': [models.Index(condition=models.Q(('is_open', True)), fields=['created_at'], name='credits_reserved')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'key'), name='one_entry_per_key')],
            },
        ),
        Wall("accounts_creditaccount", unique=False),
        Wall("accounts_creditentry", unique=False),
    ]
