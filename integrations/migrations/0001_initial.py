import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from lio.walls import OwnedKey, Wall


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=30)),
                ('state', models.CharField(choices=[('connected', 'Connected'), ('refused', 'Refused'), ('off', 'Not connected')], default='off', max_length=10)),
                ('reason', models.CharField(blank=True, default='', max_length=300)),
                ('secret', models.TextField(blank=True, default='', editable=False)),
                ('options', models.JSONField(blank=True, default=dict)),
                ('connected_at', models.DateTimeField(null=True)),
                ('is_checking', models.BooleanField(default=False)),
                ('checked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('connected_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization', 'provider'), name='one_connection_per_provider')],
            },
        ),
        Wall("integrations_connection"),
        OwnedKey("integrations_connection", "connected_by_id", "accounts_user", on_delete="SET NULL"),
    ]
