"""Figures into rows, rows into a table, and what of it reaches its goal."""

FIGURES = ("rate", "p50", "p95", "p99", "app", "db")
HEAD = ("case", "req/s", "p50 ms", "p95", "p99", "app us", "db us", "rate/floor", "CPU/floor", "goal", "")


def judged(chosen, found, median):
    """One dict a case: medians of the figures, of the ratios to the floor's run of the same round, and its goals."""
    rows = {}
    for case in chosen:
        ours, bare = found[case.name, "product"], found.get((case.name, "floor"))
        row = {"case": case.name, "product": {name: median(run[name] for run in ours) for name in FIGURES}, "goals": []}
        if bare:
            row["floor"] = {name: median(run[name] for run in bare) for name in FIGURES}
            row["rate"] = median(a["rate"] / b["rate"] for a, b in zip(ours, bare, strict=True))
            row["cpu"] = median((a["app"] + a["db"]) / (b["app"] + b["db"]) for a, b in zip(ours, bare, strict=True))
        rows[case.name] = row
    for case in chosen:
        row = rows[case.name]
        for what, limit, *other in case.goals:
            if what == "p50":
                pairs = zip(found[case.name, "product"], found[other[0], "product"], strict=True)
                value = median(a["p50"] / b["p50"] for a, b in pairs)
                row["goals"].append(goal(f"p50 / {other[0]}", value, limit))
            elif what == "p99/p50":
                spread = median(run["p99"] / run["p50"] for run in found[case.name, "product"])
                row["goals"].append(goal("p99/p50", spread, limit))
            else:
                row["goals"].append(goal(what, row[what], limit, least=what == "rate"))
    return list(rows.values())


def goal(what, value, limit, *, least=False):
    return {"what": what, "value": value, "limit": limit, "least": least, "passed": value >= limit if least else value <= limit}


def told(one):
    shown = f"{one['value']:.2f}" if abs(one["value"]) < 1000 else f"{one['value']:.0f}"
    return f"{one['what']} {shown} ({'>=' if one['least'] else '<='} {one['limit']:g})"


def table(outcome):
    """(lines, number of goals missed)."""
    lines, missed = [HEAD], 0
    for row in outcome["cases"]:
        failed = [one for one in row["goals"] if not one["passed"]]
        missed += len(failed)
        ratios = [f"{row[name]:.2f}" if name in row else "" for name in ("rate", "cpu")]
        goals = "; ".join(told(one) for one in row["goals"])
        lines.append((row["case"], *figures(row["product"]), *ratios, goals, verdict(row["goals"])))
        if "floor" in row:
            lines.append(("   floor", *figures(row["floor"]), "", "", "", ""))
    widths = [max(len(line[n]) for line in lines) for n in range(len(HEAD))]
    text = ["", *("  ".join(cell.ljust(width) if n in (0, 9) else cell.rjust(width)
                            for n, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip() for line in lines)]
    for check in outcome["checks"]:
        missed += sum(not one["passed"] for one in check["goals"])
        goals = "; ".join(told(one) for one in check["goals"])
        text.append("  ".join(part for part in (f"{check['case']}:", check["text"], goals, verdict(check["goals"])) if part))
    return text, missed


def figures(one):
    digits = {"rate": 0, "p50": 2, "p95": 1, "p99": 1, "app": 0, "db": 0}
    return tuple(f"{one[name]:.{digits[name]}f}" for name in FIGURES)


def verdict(goals):
    return "" if not goals else "PASS" if all(one["passed"] for one in goals) else "FAIL"
