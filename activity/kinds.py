"""The kinds of notifications (R69), each with the number it has on the wire."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`in_app`, `mail` and `digest` are where it is told unless the member says otherwise."""

    name: str
    number: int
    label: str
    icon: str
    in_app: bool = True
    mail: bool = False
    digest: bool = False


KINDS = {kind.name: kind for kind in (
    Kind("lead_assigned", 1, "Somebody assigns a lead to you", "user"),
    Kind("lead_hot", 2, "A lead of yours turns hot", "fire"),
    Kind("import_finished", 3, "An import of yours has finished", "arrow-up-tray"),
    Kind("export_finished", 4, "An export of yours has finished", "arrow-down-tray"),
    Kind("booking", 5, "Somebody books a meeting with you", "calendar"),
    Kind("mention", 6, "Somebody mentions you in a note", "at-symbol"),
    Kind("follow_up_due", 7, "A follow-up of yours is due", "clock"),
    Kind("enrichment_finished", 8, "A bulk enrichment of yours has finished", "sparkles"),
    Kind("service_refused", 9, "A connected service refuses its key (told to admins)", "exclamation-triangle"),
    Kind("deal_assigned", 10, "Somebody assigns a deal to you", "view-columns"),
    Kind("deal_won", 11, "Somebody else wins a deal of yours", "trophy"),
    Kind("deal_lost", 12, "Somebody else loses a deal of yours", "x-circle"),
    Kind("lead_signal", 13, "A lead of yours shows interest", "bolt"),
    Kind("scores_drifted", 14, "Your leads are no longer those that scores learned from (told to admins)", "chart-bar"),
)}
BY_NUMBER = {kind.number: kind for kind in KINDS.values()}
CHANNELS = ("in_app", "mail", "digest")
