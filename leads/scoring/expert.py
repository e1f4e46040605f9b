"""What is believed of a lead before the organisation's own history speaks: weights in log-odds, written by hand.

They are the mean of the prior from which learning starts (fitting.py), and the whole model until it has learned. PRECISION is
1 / variance: a weight of a written level has a standard deviation of 0.5, one that only data brings is drawn towards 0.
"""

from leads.scoring.facts import ABSENT

START = -2.4  # a lead of which nothing is known: 8 %
WEIGHTS = {
    "mail": {"business": 0.6, "private": 0.1, "disposable": -0.8, ABSENT: 0.0},
    "phone": {"yes": 0.3, ABSENT: 0.0},
    "linkedin": {"yes": 0.2, ABSENT: 0.0},
    "name": {"yes": 0.2, ABSENT: 0.0},
    "company": {"yes": 0.3, ABSENT: 0.0},
    "title": {"top": 0.9, "leading": 0.7, "managing": 0.4, "other": 0.1, "junior": -0.4, ABSENT: 0.0},
    "website": {"yes": 0.1, ABSENT: 0.0},
    "place": {"yes": 0.1, ABSENT: 0.0},
    "source": {"1": 0.3, "2": 0.6, "3": 0.2, "4": 0.1, "5": 0.3, ABSENT: 0.0},
    "industry": {},
    "country": {},
}
PRECISION_OF_START, PRECISION_OF_EXPERT, PRECISION_OF_DATA = 0.05, 4.0, 1.0
ENGAGEMENT = 2.5  # log-odds that 100 points of engagement are worth
