"""What job titles say: by their words, in seven languages, and nothing that no word says."""

import subprocess
import sys

import pytest

from enrichment.titles import DECIDES, INFLUENCES, USES, read
from tests.conftest import shared

SAID = """
Founder & CEO                       | Management   | Other                  | Decision maker
Co-Founder and CTO                  | Management   | Information Technology | Decision maker
C.E.O.                              | Management   | Other                  | Decision maker
V.P. Marketing                      | Management   | Marketing              | Decision maker
SVP Operations                      | Management   | Other                  | Decision maker
Geschäftsführerin                   | Management   | Other                  | Decision maker
GESCHAEFTSFUEHRER                   | Management   | Other                  | Decision maker
Directeur général                   | Management   | Other                  | Decision maker
Gérante                             | Management   | Other                  | Decision maker
Consejera delegada                  | Management   | Other                  | Decision maker
Amministratrice delegata            | Management   | Other                  | Decision maker
Eigenaar                            | Management   | Other                  | Decision maker
Sócia-gerente                       | Management   | Other                  | Decision maker
Member of the Board                 | Management   | Other                  | Decision maker
Founder and Account Manager         | Management   | Sales                  | Decision maker
Partner                             | Management   | Other                  | Decision maker
Managing Director                   | Director     | Other                  | Decision maker
Sr. Dir. Product Mgmt               | Director     | Other                  | Decision maker
Directrice des ressources humaines  | Director     | Human Resources        | Decision maker
Directora de Compras                | Director     | Purchasing             | Decision maker
Diretor de TI                       | Director     | Information Technology | Decision maker
Prokuristin                         | Director     | Other                  | Decision maker
Head of Legal                       | Lead         | Other                  | Decision maker
Vertriebsleiterin DACH              | Lead         | Sales                  | Decision maker
IT-Leiter                           | Lead         | Information Technology | Decision maker
Abteilungsleiter                    | Lead         | Other                  | Decision maker
GL Produktion                       | Lead         | Other                  | Decision maker
Responsabile acquisti               | Lead         | Purchasing             | Decision maker
Hoofd Inkoop                        | Lead         | Purchasing             | Decision maker
Team Lead Customer Success          | Lead         | Customer Support       | Influencer
Projektleiter Automotive            | Lead         | Project Management     | Influencer
Senior Software Engineer            | Senior       | Information Technology | Influencer
Mktg Mgr                            | Senior       | Marketing              | Influencer
HR                                  | Professional | Human Resources        | End user
Strategische Einkäuferin            | Professional | Purchasing             | End user
PM                                  | Senior       | Other                  | Influencer
Gerente de ventas                   | Senior       | Sales                  | Influencer
Product Owner                       | Senior       | Other                  | Influencer
HR Business Partner                 | Senior       | Human Resources        | Influencer
Assistant to the CEO                | Senior       | Administrative         | Influencer
CEO Assistant                       | Senior       | Administrative         | Influencer
Executive Assistant to CEO and CFO  | Senior       | Administrative         | Influencer
Vorstandsassistentin                | Junior       | Administrative         | End user
Student Assistant                   | Junior       | Administrative         | End user
Jr. Developer                       | Junior       | Information Technology | End user
Stagiaire marketing                 | Junior       | Marketing              | End user
Medewerker klantenservice           | Junior       | Customer Support       | End user
Wissenschaftliche Mitarbeiterin     | Junior       | Other                  | End user
Rechtsanwältin                      | Professional | Other                  | End user
Zahnarzt                            | Professional | Other                  | End user
Accountant                          | Professional | Other                  | End user
Bewerbermanagerin Gewerbe           | Senior       | Other                  | Influencer
Crime Prevention Officer            | Senior       | Other                  | Influencer
Einkäuferin                         | Professional | Purchasing             | End user
Leitung Marketing und Assistenz der Geschäftsführung | Lead | Marketing      | Decision maker
Generalsekretär                     | Management   | Other                  | Decision maker
CEO at Acme Sales Solutions         | Management   | Other                  | Decision maker
Buchhalterin bei Deichmann Vertrieb | Professional | Other                  | End user
Assistant Vice President            | Management   | Administrative         | Decision maker
"""
SILENT = ["", None, "-", "n/a", "x", "社長", "директор по продажам", "Former VP Sales", "ex-CEO", "Retired", "12", "\x00", "😀"]


@pytest.mark.parametrize("line", SAID.strip().splitlines(), ids=lambda line: line.partition(" |")[0].strip())
def test_a_title_says(line):
    title, *expected = (part.strip() for part in line.split("|"))
    found = read(title)
    assert [found.seniority, found.department, found.decision_maker] == expected


@pytest.mark.parametrize("title", SILENT)
def test_what_is_no_title_says_nothing(title):
    assert read(title) == read("")


def test_long_and_hostile_titles_are_read_at_once():
    for title in ("assist " * 10_000, "a" * 100_000, "(" * 5000, "managing " * 999 + "\n" * 999, "/|" * 5000):
        read(title)


def test_the_word_that_told_is_named():
    assert (read("Head of IT Sales").seniority_said, read("Chargé des achats").department_said) == ("Head", "achats")
    assert read("Zahnarzt").seniority_said == read("Zahnarzt").department_said == ""


def test_assistants_decide_nothing_whomever_they_assist():
    bosses = ["the CEO", "the Vice President Sales", "the Managing Director", "the Head of IT", "Founder and Owner"]
    helpers = ["Assistant to {}", "Personal Assistant to {}", "{} Assistant", "Sekretariat {}"]
    assert {read(helper.format(boss)).decision_maker for helper in helpers for boss in bosses} <= {INFLUENCES, USES}
    assert read("Head of IT").decision_maker == DECIDES


def test_reading_needs_neither_numpy_nor_long():
    code = (
        "import sys, time; from enrichment.titles import read; began = time.perf_counter(); read('Head of Sales Manager');"
        "print('numpy' in sys.modules, 'sklearn' in sys.modules, time.perf_counter() - began < 0.5)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False False True\n"
    )


def test_what_was_learned_holds_against_letters_and_logistic_regression():
    """On titles that were kept apart. The floors are below what `python -m bench.titles` prints (docs/enrichment.md)."""
    shared("data/job-titles")
    from bench.titles import compared

    floors = {"seniority": (0.94, 0.90), "department": (0.985, 0.95)}
    for name, floor in floors.items():
        figures = compared(name)
        assert figures["weights alone"] > figures["n-grams"], f"{name}: {figures}"
        assert all(value >= least for value, least in zip(figures["ours"], floor, strict=True)), f"{name}: {figures}"
