"""How an organisation begins, with what every new one holds."""

from django.db import transaction

from accounts import credits
from accounts.members import check_email_is_free, join
from accounts.models import Organization, Role, Team
from accounts.permissions import SEEDED, verbs_of
from lio import registry
from lio.tenancy import org_scope


@transaction.atomic
def found(name, *, admin_email, admin_password, admin_first_name="Admin", admin_last_name="", **settings):
    """A new organisation with its roles, seeds and one Admin. Answers (organization, admin).

    Raises Conflict when the address has an account already, Invalid when it is none.
    """
    check_email_is_free(admin_email)
    organization = Organization.objects.create(name=name, **settings)
    with org_scope(organization):
        for role, description in SEEDED.items():
            Role.objects.create(organization=organization, name=role, description=description, is_system=True,
                                permissions=verbs_of(role))
        Team.objects.create(organization=organization, name="Everybody", is_everybody=True)
        credits.open_account(organization)
        for seed in registry.on_founding:
            seed(organization)
        admin = join(organization, email=admin_email, password=admin_password, first_name=admin_first_name,
                     last_name=admin_last_name, role=Role.objects.of(organization).get(name="Admin"),
                     timezone=organization.timezone)
    return organization, admin
