"""What a lower floor asks of higher ones, in the same transaction: lists that apps fill in `AppConfig.ready()`.

Signals are for news only; what must happen together with a rule is registered here (DECISIONS 8).
"""

on_founding = []  # f(organization): seeds of a new organisation, inside its scope
on_joining = []  # f(member): seeds of a new member, inside the organisation's scope


def registered(registry):
    """Decorator: add the function to `registry`."""

    def add(function):
        registry.append(function)
        return function

    return add
