"""Counts over companies: how many of which industry, country and size, in one statement."""

from django.core.exceptions import EmptyResultSet
from django.db import connection

GROUPS = {"by_industry": "industry_type", "by_country": "country", "by_employee_size": "employee_size"}
MOST = 100  # values that a group tells, the commonest first

# First what is spelled alike, of which there is little; only then the spellings are compared.
COUNT = """
WITH shown AS ({rows}),
alike AS MATERIALIZED (
    SELECT industry_type, country, employee_size, count(*) AS n, count(rating) AS rated, sum(rating) AS stars
    FROM shown GROUP BY 1, 2, 3),
normal AS (
    SELECT *, lower(btrim(industry_type)) AS industry, lower(btrim(country)) AS land, lower(btrim(employee_size)) AS size
    FROM alike),
one AS (
    SELECT industry, land, size, min(btrim(industry_type)) AS industry_type, min(btrim(country)) AS country,
           min(btrim(employee_size)) AS employee_size, grouping(industry, land, size) AS which,
           coalesce(sum(n), 0)::bigint AS n, (sum(stars) / nullif(sum(rated), 0))::float8 AS rating
    FROM normal GROUP BY GROUPING SETS ((industry), (land), (size), ())),
ranked AS (
    SELECT which, CASE which WHEN 3 THEN industry_type WHEN 5 THEN country WHEN 6 THEN employee_size END AS name, n, rating,
           row_number() OVER (PARTITION BY which ORDER BY n DESC, coalesce(industry, land, size)) AS place
    FROM one)
SELECT which, name, n, rating FROM ranked WHERE place <= {most} ORDER BY which, place
"""
WHICH = {3: "by_industry", 5: "by_country", 6: "by_employee_size"}  # bits of what is not grouped by


def stats(rows):
    """{total, by_industry, by_country, by_employee_size, average_rating} of these companies.

    A group is [{name, count}] of its MOST commonest values without regard to case and outer blanks, name null where there is
    none; the average is null where nothing is rated.
    """
    found: dict = {"total": 0, **{name: [] for name in GROUPS}, "average_rating": None}
    try:
        sql, params = rows.order_by().values(*GROUPS.values(), "rating").query.sql_with_params()
    except EmptyResultSet:  # a search without hits
        return found
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(rows=sql, most=MOST), params)
        for which, name, count, rating in cursor.fetchall():
            if which in WHICH:
                found[WHICH[which]].append({"name": name or None, "count": count})
            else:
                found["total"], found["average_rating"] = count, rating and round(rating, 2)
    return found
