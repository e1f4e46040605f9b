"""Which company somebody works for, by the domain of their e-mail address."""

from companies.domains import company_domain
from companies.models import Company


def by_mail(organization, emails):
    """{e-mail address: (id, name) of the living company whose domain it has}, for those that have one.

    Free and disposable mail tells of no company. One query, and none where no address could tell.
    """
    domains = {email: domain for email in set(emails) if email and (domain := company_domain(email))}
    if not domains:
        return {}
    rows = Company.objects.of(organization).alive().filter(domain__in=set(domains.values()))
    found = {domain: (pk, name) for domain, pk, name in rows.values_list("domain", "pk", "company_name")}
    return {email: found[domain] for email, domain in domains.items() if domain in found}
