"""The Django admin of LIO: for operators, inside one organisation at a time."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class LioAdminConfig(AdminConfig):
    default_site = "lio.admin.LioAdminSite"


class LioAdminSite(AdminSite):
    site_header = site_title = "LIO admin"
