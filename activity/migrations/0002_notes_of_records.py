import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from lio.walls import OwnedKey, Wall


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('activity', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RecordNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deleted_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('model_type', models.CharField(max_length=60)),
                ('model_id', models.BigIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('note', models.TextField(blank=True, default='')),
                ('is_pinned', models.BooleanField(default=False)),
                ('edited_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'note',
                'ordering': ['-id'],
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('deleted_at', None)), fields=['organization', 'model_type', 'model_id', '-id'], name='notes_of_record')],
            },
        ),
        Wall("activity_recordnote"),
        OwnedKey("activity_recordnote", "created_by_id", "accounts_user", on_delete="SET NULL"),
    ]
