"""The built-in sources on 500 real companies: how often they answer, and how often rightly (bench/enrichment.py)."""

from tests.conftest import shared


def test_the_built_in_sources_on_real_companies():
    shared("data/companies")
    from bench import enrichment

    found = enrichment.figures()
    print("\n" + "\n".join(enrichment.lines(found)))
    for given in ("an e-mail address", "website and name"):
        assert found[given]["domain"] == (1, 1)
        hits, right = found[given]["country"]
        assert hits > 0.02 and right > 0.95
    assert found["an e-mail address"]["website"] == (1, 1)
    assert found["an e-mail address"]["company_name"][1] > 0.8
    assert found["website and name"]["company_name"] == (0, 0)  # a name that is known is not guessed at
    assert found["a LinkedIn address"]["linkedin_url"] == (1, 1)
    assert found["a LinkedIn address"]["company_name"][1] > 0.6
