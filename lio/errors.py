"""How a rule says no. Rules know nothing of HTTP; `status` is only a hint to the API."""


class DomainError(Exception):
    """A refusal in words a person can act on.

    `code` is machine-readable, `fields` maps an input's name to its complaints, `details` are further facts for the
    caller (ids of the caller's own organisation only).
    """

    status = 400

    def __init__(self, message, *, code=None, fields=None, **details):
        super().__init__(message)
        self.code, self.fields, self.details = code, fields, details


class Invalid(DomainError):
    """A field breaks its rule."""

    status = 422

    def __init__(self, fields, message=None, **more):
        name, complaints = next(iter(fields.items()))
        super().__init__(message or f"{name}: {complaints[0]}", fields=fields, **more)


class Forbidden(DomainError):
    status = 403


class Missing(DomainError):
    """No such record in this organisation; never says whether another organisation has it (R18)."""

    status = 404

    def __init__(self, message="There is no such record.", **more):
        super().__init__(message, **more)


class Conflict(DomainError):
    status = 409


class Working(Conflict):
    """The same is being done already; come back in `wait` seconds."""

    def __init__(self, message, *, wait):
        super().__init__(message, code="still_working")
        self.wait = wait


class TooMany(DomainError):
    """Come back in `wait` seconds."""

    status = 429

    def __init__(self, message, *, wait):
        super().__init__(message)
        self.wait = wait


TRIES = 3  # of what PostgreSQL ended because it and another waited for each other


def is_deadlock(error):
    """Whether PostgreSQL ended a transaction so that another one could go on: all is rolled back, and can be done again."""
    return getattr(error.__cause__, "sqlstate", "") == "40P01"
