"""`python -m bench`: measure, print one table, keep it as JSON, and exit with 1 when a goal is missed. See docs/bench.md."""

import argparse
import json
import os
import random
import secrets
import socket
import sys
import time
from itertools import cycle
from pathlib import Path
from statistics import median

from bench import cases, data, report

GROUPS = ("titles", "enrichment", "similar", "lists", "single", "create", "jobs", "hits", "plans", "deals", "booking", "scores",
          "work")
QUICK = 200_000  # up to so many rows a run is the quick form
WARM = 0.25  # seconds before each measured run
FIRSTS = cycle(range(0, data.TOKENS, 10_000))  # a run opens fewer mails than that


def say(text=""):
    print(text, flush=True)


def main():
    options = arguments()
    rows = options.rows
    urls = data.prepare(rows, fresh=options.fresh, say=say)
    if gone := data.sweep(urls["owner"]):
        say(f"Took away {gone} leads of an earlier run.")
    folder = Path(os.environ.get("LIO_DATA_DIR", data.CHECKOUT / ".data")) / "bench"
    ports = set_up(folder, urls)
    callers, terms, member = recognised(urls)
    outcome = {"rows": rows, "rounds": options.rounds, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cases": [],
               "checks": []}
    from bench.servers import Servers

    outcome["checks"] += answers_of_sources(options.groups, say)
    if "plans" in options.groups:  # on the rows as they were loaded
        from bench import plans

        outcome["checks"] += plans.look(urls, terms, member, say)
    with Servers(folder, ports, urls) as servers:
        groups = {
            "lists": lambda: cases.lists(callers, options.seconds),
            "single": lambda: cases.single(callers, options.seconds / 2, terms, member, rows // 200,
                                           answers(servers, callers.page(cases.BIG, "/leads/"))),
            "create": lambda: cases.creates(callers, options.seconds * 2, secrets.token_hex(3)),
            "hits": lambda: cases.hits(options.seconds * 2, data.make_tokens(urls["owner"], cases.BIG)),
        }
        if "lists" in options.groups:
            check_same(servers, list(groups["lists"]()))
        for group, make in groups.items():
            if group in options.groups:
                outcome["cases"] += measure(servers, group, list(make()), options.rounds)
        if "jobs" in options.groups:
            from bench import jobs

            outcome["checks"] += jobs.measure(servers, callers, say)
    if "deals" in options.groups:
        from bench import deals

        outcome["checks"] += deals.measure(urls, say)
    if "booking" in options.groups:
        from bench import booking

        outcome["checks"] += booking.measure(urls, say)
    if "scores" in options.groups:  # writes all leads anew
        from bench import scores

        data.spoil(urls["owner"])
        outcome["checks"] += scores.measure(urls, say)
    if "work" in options.groups:  # the last, since it changes all leads: the next run makes the database anew
        from bench import work

        data.spoil(urls["owner"])
        outcome["checks"] += work.measure(urls, rows, folder, say)
    data.sweep(urls["owner"])
    lines, missed = report.table(outcome)
    say("\n".join(lines))
    (folder / "last.json").write_text(json.dumps(outcome, indent=1))
    (folder / f"{outcome['at'].replace(':', '')}.json").write_text(json.dumps(outcome, indent=1))
    say(f"\n{'Goals missed: ' + str(missed) if missed else 'All goals reached'}. Figures: {folder / 'last.json'}")
    return 1 if missed else 0


def answers_of_sources(groups, say):
    """Checks of what enrichment answers by itself, beside what is known to be right."""
    from bench import enrichment, similar, titles

    checks = []
    for group, part in (("titles", titles), ("enrichment", enrichment), ("similar", similar)):
        if group in groups:
            if part.DATA.exists():
                checks += part.measure(say)
            else:
                say(f"{group}: left out, {part.DATA} is not there.")
    return checks


def arguments():
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--rows", type=int, default=int(os.environ.get("BENCH_ROWS", 1_000_000)))
    parser.add_argument("--fresh", action="store_true", help="make the database anew")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of one run")
    parser.add_argument("--only", choices=GROUPS, action="append", dest="groups")
    options = parser.parse_args()
    quick = options.rows <= QUICK
    options.rounds = options.rounds or (3 if quick else 5)
    options.seconds = options.seconds or (0.6 if quick else 1.0)
    options.groups = options.groups or GROUPS
    return options


def set_up(folder, urls):
    """The environment of the product as it is in production, and Django in this process with the same one."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"product": one.getsockname()[1], "floor": two.getsockname()[1]}
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        **{data.URL_NAMES[kind]: url for kind, url in urls.items()},
        "DJANGO_SETTINGS_MODULE": "lio.settings", "LIO_ENV": "production", "LIO_DATA_DIR": str(folder), "LIO_HOST": "127.0.0.1",
        "SECRET_KEY": secrets.token_hex(32), "LIO_TOKEN_KEY": secrets.token_hex(32), "LIO_SECRETS_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "SITE_URL": f"http://127.0.0.1:{ports['product']}",
        "LIO_RATE_TOKEN": "1000000000", "LIO_RATE_KEY": "1000000000", "LIO_RATE_PUBLIC": "1000000000",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    return ports


def recognised(urls):
    """(callers, search terms, a member's id): sessions and keys made by the product's own rules."""
    from django.contrib.sessions.backends.signed_cookies import SessionStore
    from django.db import connection

    from accounts import keys, sessions, tokens
    from accounts.models import User
    from lio.tenancy import org_scope

    bearer, api_keys, cookies, companies = {}, {}, {}, {}
    for org in (cases.BIG, cases.SMALL):
        admin = User.objects.select_related("organization").get(email=data.EMAIL.format(org))
        with org_scope(admin.organization), connection.cursor() as cursor:
            bearer[org] = [tokens.issue(sessions.start(admin, "token")) for _ in range(8)]
            _, api_keys[org] = keys.create(admin.organization, name="bench", by=admin)
            store = SessionStore()
            store["sid"] = str(sessions.start(admin, "browser").pk)
            store.save()
            cookies[org] = store.session_key
            cursor.execute("SELECT array_agg(company_name) FROM (SELECT company_name FROM companies_company LIMIT 500) c")
            companies[org] = cursor.fetchone()[0]
            cursor.execute("SELECT email FROM leads_lead ORDER BY id LIMIT 1 OFFSET 2500")
            rare = cursor.fetchone()[0]
            if org == cases.BIG:
                cursor.execute("SELECT assigned_to_id FROM leads_lead WHERE assigned_to_id IS NOT NULL ORDER BY id LIMIT 1")
                member = cursor.fetchone()[0]
                # the leads of company n of N are spread as sqrt(N / n): this one has about forty of a million
                cursor.execute("""SELECT company_name FROM companies_company ORDER BY id LIMIT 1
                                  OFFSET (SELECT count(*) / 64 FROM companies_company)""")
                terms = {"2 letters": "ma", "common": "james", "company": cursor.fetchone()[0], "rare": rare, "none": "zzqqxx",
                         **{f"{n} letters": rare[:n] for n in cases.LETTERS}}
            else:
                terms["rare small"] = rare
    connection.close()
    return cases.Callers(bearer, api_keys, cookies, companies), terms, member


def answers(servers, request):
    result = servers.run("product", {"clients": 1, "seconds": 0.01, "requests": [request]})
    return set(result["statuses"]) == {"200"}


def check_same(servers, listed):
    """Product and floor must answer the same rows, or the comparison means nothing."""
    for case in listed:
        ours, bare = (json.loads(servers.fetch(server, spec["requests"][0]))["data"]
                      for server, spec in (("product", case.product), ("floor", case.floor)))
        if ours != bare:
            raise SystemExit(f"{case.name}: product and floor answer different rows:\n{ours[0]}\n{bare[0]}")


def measure(servers, group, chosen, rounds):
    """All runs of a group, interleaved in random order; medians over the rounds."""
    runs = [(case, server, spec) for case in chosen
            for server, spec in (("product", case.product), ("floor", case.floor)) if spec]
    found = {}
    for number in range(rounds):
        say(f"{group}: round {number + 1} of {rounds}")
        random.shuffle(runs)
        for case, server, spec in runs:
            servers.run(server, {**named(spec, f"w{number}"), "seconds": WARM})
            result = servers.run(server, named(spec, str(number)))
            if wrong := {int(status) for status in result["statuses"]} - set(case.statuses):
                raise SystemExit(f"{case.name}: {server} answered {wrong}: {result['statuses']}\n"
                                 + servers.children[server].end_of_log(20))
            found.setdefault((case.name, server), []).append(result)
    return report.judged(chosen, found, median)


def named(spec, number):
    """Leads of each run are new ones, and so are the mails that are opened."""
    if "hits" in spec:
        return spec | {"hits": spec["hits"] | {"first": next(FIRSTS)}}
    return spec | {"leads": spec["leads"] | {"run": f"{spec['leads']['run']}-{number}"}} if "leads" in spec else spec


if __name__ == "__main__":
    sys.exit(main())
