import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import intent.models
from django.conf import settings
from django.db import migrations, models

from lio.walls import Function, OwnedKey, Wall

# A hit of a pixel or a link of a mail: one row for the token's organisation, at most one a minute of each class, whose repeats
# are counted up to ten, and at most a hundred a day. It answers before the row is on disk, for what is counted here may be lost
# with the machine. Who does not want to be watched is not; to unsubscribe is an act, which is always written down. Answers
# whose a token is and where it leads, nothing for a picture, which is the same whosever it is. Plans are kept: what is looked
# up is always one row by index, and to plan it anew costs more than to do it.
HIT = """
RETURNS TABLE (home bigint, leads_to text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    this_minute int := floor(extract(epoch FROM clock_timestamp()) / 60);
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO intent_rawevent AS e (organization_id, kind, channel, lead_id, token_id, message_id, agent, network, hints,
                                      arrival, classification, classifier_version, minute, is_taken)
    SELECT t.organization_id, $2, 'mail', l.id, t.id, t.message_id, $3, $4, $5, $6, $6, $7, this_minute,
           $2 = 'unsubscribe'
    FROM intent_trackingtoken t JOIN leads_lead l ON l.id = t.lead_id AND l.organization_id = t.organization_id
    LEFT JOIN intent_intentsettings s ON s.organization_id = t.organization_id
    WHERE t.digest = $1 AND t.purpose = $2
      AND ($2 = 'unsubscribe' OR (l.deleted_at IS NULL AND NOT l.tracking_off AND NOT l.do_not_contact
                                  AND coalesce(s.mail_tracking, true)))
      AND NOT EXISTS (SELECT 1 FROM intent_rawevent f
                      WHERE f.token_id = t.id AND f.minute > this_minute - 1440 AND f.arrival = $6
                      HAVING count(*) >= 100 OR bool_or(f.minute = this_minute AND f.hits >= 10))
    ON CONFLICT (token_id, minute, arrival) WHERE token_id IS NOT NULL
        DO UPDATE SET hits = e.hits + 1, is_taken = e.kind = 'unsubscribe' WHERE e.hits < 10;
    IF $2 <> 'open' THEN
        RETURN QUERY SELECT t.organization_id, t.target::text FROM intent_trackingtoken t
                     WHERE t.digest = $1 AND t.purpose = $2;
    END IF;
END $$"""
# Whose an unsubscribe link or a site key is.
HOME = """
RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT organization_id FROM intent_trackingtoken WHERE digest = $1 AND purpose = 'unsubscribe'
    UNION ALL SELECT organization_id FROM intent_intentsettings WHERE site_key = $1 AND site_tracking
$$"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0003_first_credits'),
        ('leads', '0011_consent'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TrackingToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('purpose', models.CharField(choices=[('open', 'Open'), ('click', 'Click'), ('unsubscribe', 'Unsubscribe')], max_length=12)),
                ('message_id', models.BigIntegerField(null=True)),
                ('target', models.CharField(default='', max_length=2000)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('delivered_at', models.DateTimeField(null=True)),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='Visitor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.UUIDField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
        ),
        migrations.CreateModel(
            name='RawEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=24)),
                ('channel', models.CharField(choices=[('api', 'Api'), ('form', 'Form'), ('booking', 'Booking'), ('mail', 'Mail'), ('site', 'Site'), ('manual', 'Manual')], max_length=8)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('message_id', models.BigIntegerField(null=True)),
                ('page', models.CharField(db_default='', default='', max_length=500)),
                ('detail', models.JSONField(db_default={}, default=dict)),
                ('agent', models.CharField(db_default='', default='', max_length=300)),
                ('network', models.CharField(db_default='', default='', max_length=12)),
                ('hints', models.CharField(db_default='', default='', max_length=12)),
                ('arrival', models.CharField(db_default='human', default='human', max_length=10)),
                ('minute', models.IntegerField(db_default=0, default=0)),
                ('hits', models.PositiveSmallIntegerField(db_default=1, default=1)),
                ('classification', models.CharField(choices=[('human', 'A person'), ('mail_proxy', "A mail program's proxy"), ('scanner', 'A security scanner'), ('prefetch', 'Fetched ahead')], db_default='human', default='human', max_length=10)),
                ('classifier_version', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('is_taken', models.BooleanField(db_default=True, default=True)),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('token', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='intent.trackingtoken')),
                ('visitor', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='intent.visitor')),
            ],
        ),
        migrations.CreateModel(
            name='HotLead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('until', models.DateTimeField()),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'until'], name='hot_until')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'lead'), name='hot_once')],
            },
        ),
        migrations.CreateModel(
            name='IntentSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weights', models.JSONField(default=dict)),
                ('hot_from', models.PositiveSmallIntegerField(default=50)),
                ('half_life_days', models.PositiveSmallIntegerField(default=14)),
                ('version', models.PositiveIntegerField(default=1)),
                ('work_days', django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), default=list, size=None)),
                ('work_from', models.TimeField(default=datetime.time(9, 0))),
                ('work_to', models.TimeField(default=datetime.time(17, 0))),
                ('mail_tracking', models.BooleanField(default=True)),
                ('site_tracking', models.BooleanField(default=False)),
                ('site_key', models.CharField(default=intent.models.new_site_key, max_length=40, unique=True)),
                ('site_hosts', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), default=list, size=None)),
                ('site_rules', models.JSONField(default=list)),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name_plural': 'intent settings',
                'constraints': [models.UniqueConstraint(fields=('organization',), name='one_intent_settings')],
            },
        ),
        migrations.CreateModel(
            name='Mute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'lead'], name='mutes_of_lead')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'user', 'lead'), name='muted_once')],
            },
        ),
        migrations.CreateModel(
            name='Signal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signal_type', models.CharField(choices=[('pricing_page_visit', 'Pricing page visit'), ('demo_requested', 'Demo requested'), ('form_submitted', 'Form submitted'), ('reply_received', 'Reply received'), ('email_opened', 'E-mail opened'), ('email_opened_3x', 'E-mail opened three times'), ('link_clicked', 'Link clicked'), ('case_study_download', 'Case study download'), ('manual', 'Noted by hand')], max_length=24)),
                ('signal_detail', models.JSONField(default=dict)),
                ('source', models.CharField(max_length=100, null=True)),
                ('channel', models.CharField(choices=[('api', 'Api'), ('form', 'Form'), ('booking', 'Booking'), ('mail', 'Mail'), ('site', 'Site'), ('manual', 'Manual')], max_length=8)),
                ('occurred_at', models.DateTimeField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('message_id', models.BigIntegerField(null=True)),
                ('key', models.CharField(max_length=120, null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(choices=[('called', 'Called'), ('mailed', 'Wrote an e-mail'), ('meeting', 'Set up a meeting'), ('later', 'Later'), ('not_relevant', 'Not relevant')], max_length=12, null=True)),
                ('outcome_note', models.CharField(max_length=1000, null=True)),
                ('responded_at', models.DateTimeField(null=True)),
                ('response_minutes', models.PositiveIntegerField(null=True)),
                ('acknowledged_by', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='intent.rawevent')),
                ('lead', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.lead')),
                ('organization', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'alert',
                'indexes': [models.Index(condition=models.Q(('withdrawn_at', None)), fields=['organization', 'id'], name='signals_by_id'), models.Index(condition=models.Q(('withdrawn_at', None)), fields=['organization', 'occurred_at', 'id'], name='signals_by_time'), models.Index(condition=models.Q(('withdrawn_at', None)), fields=['organization', 'lead', 'occurred_at'], name='signals_of_lead'), models.Index(condition=models.Q(('responded_at', None), ('withdrawn_at', None)), fields=['organization', 'lead'], name='signals_to_answer')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('organization', 'key'), name='one_signal_per_key')],
            },
        ),
        migrations.AddIndex(
            model_name='trackingtoken',
            index=models.Index(fields=['organization', 'message_id'], name='tokens_of_message'),
        ),
        migrations.AddIndex(
            model_name='trackingtoken',
            index=models.Index(fields=['organization', 'lead'], name='tokens_of_lead'),
        ),
        migrations.AddIndex(
            model_name='visitor',
            index=models.Index(condition=models.Q(('lead__isnull', False)), fields=['organization', 'lead'], name='visitors_of_lead'),
        ),
        migrations.AddConstraint(
            model_name='visitor',
            constraint=models.UniqueConstraint(fields=('organization', 'number'), name='one_visitor_per_number'),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(condition=models.Q(('is_taken', False)), fields=['organization', 'id'], name='events_to_take'),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(condition=models.Q(('message_id__isnull', False)), fields=['organization', 'message_id'], name='events_of_message'),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(condition=models.Q(('lead__isnull', False)), fields=['organization', 'lead', 'at'], name='events_of_lead'),
        ),
        migrations.AddIndex(
            model_name='rawevent',
            index=models.Index(condition=models.Q(models.Q(('agent', ''), _negated=True), ('lead', None), _connector='OR'), fields=['at'], name='events_to_forget'),
        ),
        migrations.AddConstraint(
            model_name='rawevent',
            constraint=models.UniqueConstraint(condition=models.Q(('token__isnull', False)), fields=('token', 'minute', 'arrival'), name='one_hit_a_minute'),
        ),
        migrations.AddConstraint(
            model_name='rawevent',
            constraint=models.UniqueConstraint(condition=models.Q(('visitor__isnull', False)), fields=('visitor', 'minute', 'page'), name='one_view_a_minute'),
        ),
        Wall("intent_intentsettings"),
        Wall("intent_trackingtoken"),
        Wall("intent_visitor"),
        Wall("intent_rawevent"),
        Wall("intent_signal"),
        Wall("intent_hotlead"),
        Wall("intent_mute"),
        OwnedKey("intent_trackingtoken", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("intent_visitor", "lead_id", "leads_lead", on_delete="SET NULL"),
        OwnedKey("intent_rawevent", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("intent_rawevent", "token_id", "intent_trackingtoken", on_delete="CASCADE"),
        OwnedKey("intent_rawevent", "visitor_id", "intent_visitor", on_delete="CASCADE"),
        OwnedKey("intent_signal", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("intent_signal", "event_id", "intent_rawevent", on_delete="SET NULL"),
        OwnedKey("intent_signal", "acknowledged_by_id", "accounts_user", on_delete="SET NULL"),
        OwnedKey("intent_hotlead", "lead_id", "leads_lead", on_delete="CASCADE"),
        OwnedKey("intent_mute", "user_id", "accounts_user", on_delete="CASCADE"),
        OwnedKey("intent_mute", "lead_id", "leads_lead", on_delete="CASCADE"),
        Function("intent_hit", "digest text, purpose text, agent text, network text, hints text, looks text, version int", HIT),
        Function("intent_home", "secret text", HOME),
    ]
