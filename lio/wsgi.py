"""Entry of the web server. Refuses to serve when the database role could look over the walls."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lio.settings")
application = get_wsgi_application()
application = import_string(settings.DOOR)(application)

from lio.startup import refuse_weak_walls  # noqa: E402 - needs the apps

refuse_weak_walls()
# What is loaded by now stays; requests leave little behind. Looking for circles less often saves a twentieth of the CPU.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
