import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

from django.db.migrations.operations import RunSQL

from lio.walls import OwnedKey, Wall


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Lookup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('module_name', models.CharField(max_length=50)),
                ('type', models.CharField(max_length=50)),
                ('number', models.PositiveBigIntegerField()),
                ('name', models.CharField(max_length=100)),
                ('value', models.CharField(blank=True, default='', max_length=255)),
                ('color_code', models.CharField(blank=True, default='', max_length=7)),
                ('is_active', models.BooleanField(default=True)),
                ('is_system', models.BooleanField(default=False, editable=False)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('parent', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='lookups.lookup')),
            ],
            options={
                'verbose_name': 'lookup',
                'ordering': ['-id'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(models.F('organization'), models.F('type'), models.F('number'), name='one_lookup_per_number'), models.UniqueConstraint(models.F('organization'), models.F('module_name'), models.F('type'), django.db.models.functions.text.Lower('name'), condition=models.Q(('deleted_at', None)), name='one_lookup_per_name')],
            },
        ),
        RunSQL("CREATE SEQUENCE lookups_number START 1001", "DROP SEQUENCE lookups_number"),
        Wall("lookups_lookup"),
        OwnedKey("lookups_lookup", "parent_id", "lookups_lookup"),
    ]
