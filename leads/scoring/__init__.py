"""The score of a lead: how likely it is to be won (fit), and how much it has shown lately (engagement).

`facts.py` says what is looked at, `expert.py` what we believe before an organisation has a history, `fitting.py` how that is
corrected by its own won and lost leads, `training.py` when, `model.py` what comes out and why. docs/scoring.md tells the whole.
"""

OWN_KEYS = frozenset({  # of ai_information; nobody else writes them
    "score", "score_start", "score_reasons", "score_model", "score_probability", "score_fit", "score_engagement", "scored_at",
})
