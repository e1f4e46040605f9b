"""HTML views over rules that already exist."""


def frame(request):
    """Context of every page."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
