"""Settings of LIO: the environment first, then what follows from it."""

import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import environ
from corsheaders.defaults import default_headers
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from lio.secrets import kept_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# ------------------------------------------------------------------ environment
LIO_ENV = env.str("LIO_ENV", "development")
if LIO_ENV not in ("development", "production"):
    raise ImproperlyConfigured(f"LIO_ENV is {LIO_ENV!r}; it must be development or production.")
PRODUCTION = LIO_ENV == "production"
DATA_DIR = Path(env.str("LIO_DATA_DIR", str(BASE_DIR / ".data"))).resolve()
DATABASE_ROLE = env.str("LIO_DATABASE_ROLE", "app")
JOB_ROLE = env.str("LIO_ROLE", "web") == "worker"
if PRODUCTION:
    REQUIRED = ["DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "LIO_TOKEN_KEY", "LIO_SECRETS_KEY", "SITE_URL"]
    if DATABASE_ROLE == "owner":
        REQUIRED.append("DATABASE_OWNER_URL")
    if missing := [name for name in REQUIRED if not env.str(name, "")]:
        raise ImproperlyConfigured(
            f"LIO_ENV=production needs {', '.join(missing)} in the environment; LIO does not start without. "
            "See docs/operations.md."
        )
SECRET_KEY = env.str("SECRET_KEY", "") or kept_key(DATA_DIR / "secret.key")
# Signs bearer tokens. Another key than SECRET_KEY, so that one can be changed without the other; "kid:key,kid:key"
# while a key is being replaced: the first signs, all verify.
TOKEN_KEYS = env.str("LIO_TOKEN_KEY", "") or kept_key(DATA_DIR / "token.key")
# Seals what organisations entrust to us (keys of other services); "new,old" while a key is being replaced.
SECRETS_KEYS = env.str("LIO_SECRETS_KEY", "") or kept_key(DATA_DIR / "seal.key")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{env.int('LIO_PORT', 8000)}").rstrip("/")
TRACKING_URL = env.str("LIO_TRACKING_URL", SITE_URL).rstrip("/")  # where links and pictures in mails lead
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # addresses or networks whose X-Forwarded-For is believed
RATES = {  # requests a minute (R28)
    "token": env.int("LIO_RATE_TOKEN", 1200),
    "key": env.int("LIO_RATE_KEY", 600),
    "public": env.int("LIO_RATE_PUBLIC", 300),
    "form": env.int("LIO_RATE_FORM", 30),  # submissions of one form from one address
    "booking": env.int("LIO_RATE_BOOKING", 20),  # tries to book on one page from one address
    "booked": env.int("LIO_RATE_BOOKED", 10),  # bookings an hour with one organisation from one address; moves of one
    "form_total": env.int("LIO_RATE_FORM_TOTAL", 300),  # of one form from everywhere; what is beyond is held
    "site": env.int("LIO_RATE_SITE", 300),  # views of organisations' own sites from one address
    "site_total": env.int("LIO_RATE_SITE_TOTAL", 6000),  # of the site of one organisation
}
SIGN_IN_FAILURES = {  # failed attempts in 15 minutes (R14)
    "email": env.int("LIO_SIGN_IN_FAILURES_EMAIL", 10),
    "address": env.int("LIO_SIGN_IN_FAILURES_ADDRESS", 300),
}
TOKEN_DAYS = 30
INVITATION_DAYS = env.int("LIO_INVITATION_DAYS", 7)
RESET_HOURS = env.int("LIO_RESET_HOURS", 2)
WORKERS = env.int("LIO_WORKERS", 2)
MAX_BODY = env.int("LIO_MAX_BODY", 1_000_000)  # bytes of a JSON body
IMPORT_MAX_BYTES = env.int("LIO_IMPORT_MAX_BYTES", 50 << 20)  # of an uploaded lead list
IMPORT_MAX_ROWS = env.int("LIO_IMPORT_MAX_ROWS", 200_000)
EXPORT_MAX_ROWS = {  # of one file
    "csv": env.int("LIO_EXPORT_MAX_ROWS", 2_000_000),
    "xlsx": min(env.int("LIO_EXPORT_MAX_ROWS_XLSX", 200_000), 1_048_575),  # what a sheet can hold
}
EXPORT_DAYS = env.int("LIO_EXPORT_DAYS", 7)  # for which a finished file is kept
MAX_UPLOAD = env.int("LIO_MAX_UPLOAD", 60 * 1024 * 1024)  # bytes of a body with files; kinds of files have lower limits
LOG_LEVEL = env.str("LIO_LOG_LEVEL", "INFO")
S3_BUCKET = env.str("LIO_S3_BUCKET", "")  # uploaded files go there; without it, into the data folder
# Services in the operator's own network that LIO may reach, as host or host:port; all else that is private is refused.
ALLOW_PRIVATE_HOSTS = env.list("LIO_ALLOW_PRIVATE_HOSTS", default=[])
PDL_URL = env.str("LIO_PDL_URL", "https://api.peopledatalabs.com").rstrip("/")
CALENDAR_MINUTES = env.int("LIO_CALENDAR_MINUTES", 10)  # after which a member's connected calendar is read again
# Calendars of Google and Microsoft: what this installation is registered as there, and where they are.
_google, _microsoft = "https://www.googleapis.com/calendar/v3", "https://login.microsoftonline.com/common/oauth2/v2.0"
OAUTH = {
    "google": {
        "client_id": env.str("LIO_GOOGLE_CLIENT_ID", ""),
        "client_secret": env.str("LIO_GOOGLE_CLIENT_SECRET", ""),
        "authorize_url": env.str("LIO_GOOGLE_AUTHORIZE_URL", "https://accounts.google.com/o/oauth2/v2/auth"),
        "token_url": env.str("LIO_GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token"),
        "api_url": env.str("LIO_GOOGLE_API_URL", _google).rstrip("/"),
    },
    "outlook": {
        "client_id": env.str("LIO_MICROSOFT_CLIENT_ID", ""),
        "client_secret": env.str("LIO_MICROSOFT_CLIENT_SECRET", ""),
        "authorize_url": env.str("LIO_MICROSOFT_AUTHORIZE_URL", f"{_microsoft}/authorize"),
        "token_url": env.str("LIO_MICROSOFT_TOKEN_URL", f"{_microsoft}/token"),
        "api_url": env.str("LIO_MICROSOFT_API_URL", "https://graph.microsoft.com/v1.0").rstrip("/"),
    },
}
METRICS_TOKEN = env.str("LIO_METRICS_TOKEN", "")  # /metrics beyond this machine needs it


# --------------------------------------------------------------------- database
def database(url, *, prepared=True, **options):
    """Django's settings for a postgresql:// address; `?host=` may name a socket directory."""
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://; LIO runs on PostgreSQL only.")
    return {
        "ENGINE": "lio.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", [unquote(parts.hostname or "")])[0],
        "PORT": str(parts.port or query.pop("port", [""])[0]),
        # persistent connections and prepared statements: a third of the cost of a list (SPEED 0.4)
        "CONN_MAX_AGE": None,
        # web requests notice a dead connection by themselves (lio/ratelimit.py); asking first took a sixth of a list's time
        "CONN_HEALTH_CHECKS": JOB_ROLE,
        "OPTIONS": {
            **({"server_side_binding": True, "prepare_threshold": 0} if prepared else {}),
            "application_name": f"lio-{Path(sys.argv[0]).stem}"[:60],
            **{name: values[0] for name, values in query.items()},
            **options,
        },
    }


def addresses():
    """The three roles' addresses: from the environment, else of the embedded server."""
    if url := env.str("DATABASE_URL", ""):
        return {
            "app": url,
            "owner": env.str("DATABASE_OWNER_URL", url),
            "system": env.str("DATABASE_SYSTEM_URL", url),
        }
    from lio.embedded import urls

    return urls()


DATABASE_URLS = addresses()
WEB_TIMEOUT = (
    "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=30s "
    "-c client_connection_check_interval=1s"
)  # a killed process's statement ends, and its locks with it
LIMITS = WEB_TIMEOUT.format(*(("5min", "10s") if JOB_ROLE else ("5s", "2s")))
DATABASES = {
    "default": database(DATABASE_URLS["app"], options=LIMITS),
    "system": database(DATABASE_URLS["system"]),
}
APP_ROLES = [DATABASES["default"]["USER"], DATABASES["system"]["USER"]]
if DATABASE_ROLE == "owner":
    DATABASES["default"] = database(DATABASE_URLS["owner"], prepared=False)  # migrations are scripts of many statements

# ----------------------------------------------------------------- applications
INSTALLED_APPS = [
    "lio.apps.LioConfig",
    "accounts.apps.AccountsConfig",
    "lookups.apps.LookupsConfig",
    "activity.apps.ActivityConfig",
    "integrations.apps.IntegrationsConfig",
    "companies.apps.CompaniesConfig",
    "leads.apps.LeadsConfig",
    "contacts.apps.ContactsConfig",
    "intent.apps.IntentConfig",
    "enrichment.apps.EnrichmentConfig",
    "deals.apps.DealsConfig",
    "booking.apps.BookingConfig",
    "transfers.apps.TransfersConfig",
    "lio.admin.LioAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_q",
    "heroicons",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "lio.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lio.middleware.ContentPolicy",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "lio.middleware.StraightToApi",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "lio.urls"
WSGI_APPLICATION = "lio.wsgi.application"
DOOR = "intent.tracking.door.Door"  # what the web server calls first: it answers the most frequent requests by itself
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lio.pages.frame",
            ],
            "builtins": ["lio.templatetags.look"],
        },
    }
]

# -------------------------------------------------------- signing in, passwords
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "/leads/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "first_name", "last_name"]},
    },
]
# The cookie carries only the id of an accounts.AuthSession row, which every request checks.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "lio_session"
SESSION_COOKIE_AGE = TOKEN_DAYS * 86400
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "lio_csrf"
CSRF_FAILURE_VIEW = "lio.faults.csrf_failed"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# --------------------------------------------------------------------- security
HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION and HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Other people's sites may post leads from a browser; the key's own domain list is enforced on the request itself.
CORS_ALLOW_ALL_ORIGINS = True
CORS_URLS_REGEX = r"^/api/v1/(lead|lead/lead-list|web-form/.*|track/.*|booking/.*)$"
CORS_ALLOW_HEADERS = [*default_headers, "x-api-key", "idempotency-key"]
CORS_EXPOSE_HEADERS = [
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "Idempotent-Replayed",
    "X-Change-Id",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024  # JSON has its own cap (MAX_BODY), uploads have theirs
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = [
    "lio.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# -------------------------------------------------------------------------- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.Allowed"],
    "DEFAULT_PAGINATION_CLASS": "lio.api.envelope.EnvelopePagination",
    "DEFAULT_PARSER_CLASSES": ["lio.api.parsers.SafeJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["lio.api.envelope.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "lio.api.schema.ContractSchema",
    "EXCEPTION_HANDLER": "lio.api.envelope.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer", "rest_framework.renderers.MultiPartRenderer"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LIO API",
    "DESCRIPTION": "Capture, score, route and work leads. See docs/api.md for the readings LIO takes.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "PREPROCESSING_HOOKS": ["lio.api.schema.documented_prefix"],
    "POSTPROCESSING_HOOKS": ["lio.api.schema.failures"],
}

# ------------------------------------------------------------------------- jobs
Q_CLUSTER = {
    "name": "lio",
    "orm": "default",
    "broker_class": "lio.jobs.OldestFirst",
    "workers": WORKERS,
    "bulk": 1,
    "queue_limit": 1,
    "timeout": 50,
    "retry": 120,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 0,
    "catch_up": False,
    "poll": 0.05,
    "recycle": 5000,
    "label": "Jobs",
    "log_level": "WARNING",
}

# ------------------------------------------------------------------------- mail
EMAIL_CONFIG = env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR / 'mail'}")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "LIO <lio@localhost>")

# ----------------------------------------------------------- language, time, files
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
if S3_BUCKET and find_spec("storages") is None:
    raise ImproperlyConfigured(
        "LIO_S3_BUCKET is set, but what speaks to S3 is not installed: pip install -r requirements-s3.txt"
    )
FILES_IN_S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "default_acl": None,
        "querystring_auth": True,
        "file_overwrite": False,
        # the address of other stores that speak S3; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
        # or the machine's role
        "endpoint_url": env.str("LIO_S3_ENDPOINT", "") or None,
        "region_name": env.str("LIO_S3_REGION", "") or None,
        "location": env.str("LIO_S3_PREFIX", ""),
    },
}
FILES_IN_FOLDER = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": DATA_DIR / "files", "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}
STORAGES = {
    "default": FILES_IN_S3 if S3_BUCKET else FILES_IN_FOLDER,
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION  # a changed file is read anew

# ------------------------------------------------------------------------- logs
LOGGING_CONFIG = "lio.logs.configure"
LOGGING = {"level": LOG_LEVEL}
SILENCED_SYSTEM_CHECKS = ["django_q.W001"]
