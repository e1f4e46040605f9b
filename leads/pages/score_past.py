"""How a lead came to its score: what it was, drawn and told, and what has moved it since."""

from datetime import timedelta

from django.utils.timezone import now

from leads.models import Lead
from leads.scoring.past import USUAL, Past
from lio.errors import Missing
from lio.pages import Page

SPANS = (7, 30, 90)  # days to choose from
WIDE, HIGH, EDGE = 600, 120, 22  # of the picture, in its own units


class ScorePast(Page):
    """GET, with `days` over which is told what has changed."""

    def get(self, request, pk):
        asked = request.GET.get("days", "")
        days = int(asked) if asked in map(str, SPANS) else USUAL
        lead = Lead.objects.of(self.organization).alive().filter(pk=pk).first()
        if lead is None:
            raise Missing()
        past = Past(self.organization, pk)
        moments = past.moments()
        return self.show("leads/score_past.html", {
            "lead": lead, "moments": moments, "line": line(moments), "spans": SPANS, "days": days,
            "changed": past.changed(now() - timedelta(days=days))})


def line(moments):
    """The picture of moments (newest first): {"points": of the line, "dots": [{x, y}], "wide", "high", "floor"}."""
    first, last = moments[-1]["at"], moments[0]["at"]
    span = max((last - first).total_seconds(), 1)
    dots = [{"x": round(EDGE + (WIDE - 2 * EDGE) * ((one["at"] - first).total_seconds() / span), 1),
             "y": round(HIGH - EDGE - (HIGH - 2 * EDGE) * one["score"] / 100, 1)} for one in reversed(moments)]
    return {"points": " ".join(f"{dot['x']},{dot['y']}" for dot in dots), "dots": dots, "wide": WIDE, "high": HIGH,
            "floor": HIGH - EDGE, "ceiling": EDGE, "left": EDGE, "right": WIDE - EDGE}
