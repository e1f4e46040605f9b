"""The meetings of the demo, one of which has a transcript."""

from accounts.models import User
from booking.models import Meeting, MeetingSummary, Transcript
from lio.tenancy import org_scope
from tests.factories import make_lead
from transfers.demo_meetings import RECORDED, make_meetings


def test_one_was_recorded_and_summed_up(rep, colleague):
    for n in range(10):
        make_lead(rep.organization, first_name="Lea", last_name=f"Guest {n}", email=f"lea{n}@guest.example", company="Guest")
    with org_scope(rep.organization):
        by = User.objects.get(pk=rep.pk)
        make_meetings(rep.organization, by, [User.objects.get(pk=colleague.pk)])
        row = Transcript.objects.get()
        kinds = {one["kind"] for one in MeetingSummary.objects.get().points}
        meeting = Meeting.objects.select_related("lead", "host").get(pk=row.meeting_id)
    assert meeting.title.startswith(RECORDED) and meeting.status == Meeting.Status.HELD
    assert set(row.speakers) == {str(meeting.host), str(meeting.lead), "Marta Lindqvist"}
    assert kinds == {"key", "decision", "action", "date", "amount"} and 20 * 60 < row.seconds < 60 * 60
