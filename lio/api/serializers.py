"""Serializers read what comes in; what goes out is `rows()` (lio/rows.py)."""

from rest_framework import serializers


class Input(serializers.Serializer):
    """A serializer that is bound once and then only reads.

    DRF copies and binds every declared field for each request; for an intake of hundreds of leads a second that was half
    of the CPU. Fields hold no state of a request (`Owned` asks the open scope, not the request), so one bound instance
    serves all. Unknown and read-only names are ignored (R22).
    """

    _bound: dict

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls._bound = {}

    @classmethod
    def read(cls, data, *, partial=False):
        """The validated values of the fields that were sent (and, unless partial, the defaults).

        Raises DRF's ValidationError naming each field, NotFound for a foreign id.
        """
        bound = cls._bound.get(partial)
        if bound is None:
            bound = cls._bound[partial] = cls(partial=partial)
            bound.fields  # noqa: B018 - binds now, before two threads do
        return dict(bound.run_validation(data))
