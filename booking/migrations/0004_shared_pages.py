import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from lio.walls import Function, OwnedKey, Wall

# Members and shared pages have their addresses in columns of two tables; the unique column of a third one sees to it that none is
# given twice, whoever the organisations are. It looks over the wall: an address that another organisation has is taken, too.
KEEP = """
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    was text;
    is_now text;
BEGIN
    IF TG_OP <> 'INSERT' THEN was := to_jsonb(OLD) ->> TG_ARGV[0]; END IF;
    IF TG_OP <> 'DELETE' THEN is_now := to_jsonb(NEW) ->> TG_ARGV[0]; END IF;
    IF was IS DISTINCT FROM is_now THEN
        DELETE FROM booking_bookingaddress WHERE slug = was;
        IF is_now IS NOT NULL THEN
            INSERT INTO booking_bookingaddress (slug, organization_id) VALUES (is_now, NEW.organization_id);
        END IF;
    END IF;
    RETURN NULL;
END $$"""
# A visitor has nothing but the address; which organisation it belongs to is asked before a scope can be opened.
HOME = """
RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT organization_id FROM booking_sharedpage WHERE slug = $1 AND is_active
$$"""


def watched(table, column):
    """Keeps the addresses of `table` in step."""
    return migrations.RunSQL(
        f"""CREATE TRIGGER keep_address AFTER INSERT OR DELETE OR UPDATE OF {column} ON {table}
            FOR EACH ROW EXECUTE FUNCTION booking_keep_address('{column}');""",
        f"DROP TRIGGER keep_address ON {table};")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_user_booking_slug'),
        ('booking', '0003_transcripts'),
        ('companies', '0003_duplicates_similar'),
        ('contacts', '0003_duplicates'),
        ('leads', '0012_score_models_retire'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SharedPageHost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AlterField(
            model_name='meetingtype',
            name='profile',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='types', to='booking.bookingprofile'),
        ),
        migrations.CreateModel(
            name='BookingAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=60, unique=True)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SharedPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=60, unique=True)),
                ('title', models.CharField(max_length=150)),
                ('intro', models.TextField(blank=True, default='')),
                ('assigning', models.CharField(choices=[('in_turn', 'In turn'), ('owner_first', "The lead's owner first")], default='in_turn', max_length=11)),
                ('color', models.CharField(default='#3f51c6', max_length=7)),
                ('allowed_domains', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), blank=True, default=list, size=None)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.AddField(
            model_name='meeting',
            name='shared_page',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='booking.sharedpage'),
        ),
        migrations.AddField(
            model_name='meetingtype',
            name='shared_page',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='types', to='booking.sharedpage'),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(condition=models.Q(('deleted_at', None), models.Q(('shared_page', None), _negated=True)), fields=['organization', 'shared_page', 'created_at'], name='bookings_of_shared_page'),
        ),
        migrations.AddIndex(
            model_name='meetingtype',
            index=models.Index(condition=models.Q(('shared_page', None), _negated=True), fields=['organization', 'shared_page', 'position'], name='types_of_shared_page'),
        ),
        migrations.AddConstraint(
            model_name='meetingtype',
            constraint=models.CheckConstraint(condition=models.Q(('profile', None), ('shared_page', None), _connector='XOR'), name='meeting_type_of_one_page'),
        ),
        migrations.AddField(
            model_name='sharedpagehost',
            name='organization',
            field=models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization'),
        ),
        migrations.AddField(
            model_name='sharedpagehost',
            name='page',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='hosts', to='booking.sharedpage'),
        ),
        migrations.AddField(
            model_name='sharedpagehost',
            name='user',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='sharedpage',
            index=models.Index(fields=['organization', 'title', 'id'], name='shared_pages_of_org'),
        ),
        migrations.AddConstraint(
            model_name='sharedpagehost',
            constraint=models.UniqueConstraint(fields=('organization', 'page', 'user'), name='host_once_on_a_page'),
        ),
        Wall("booking_sharedpage"),
        Wall("booking_sharedpagehost"),
        Wall("booking_bookingaddress"),
        OwnedKey("booking_sharedpagehost", "page_id", "booking_sharedpage", on_delete="CASCADE"),
        OwnedKey("booking_sharedpagehost", "user_id", "accounts_user", on_delete="CASCADE"),
        OwnedKey("booking_meetingtype", "shared_page_id", "booking_sharedpage", on_delete="CASCADE"),
        OwnedKey("booking_meeting", "shared_page_id", "booking_sharedpage", on_delete="SET NULL"),
        Function("booking_keep_address", "", KEEP),
        Function("booking_shared_home", "link text", HOME),
        watched("accounts_user", "booking_slug"),
        watched("booking_sharedpage", "slug"),
    ]
