"""All settings, and all of them from the environment.

With no variable set this is the embedded mode: one process, SQLite in DATA_DIR, an in-memory channel layer,
a local-memory cache.
"""

import sys
from datetime import timedelta
from pathlib import Path

from csp.constants import NONCE

from collabdocs.caches import shared_cache
from collabdocs.databases import MONGO_APPS, MONGO_MIGRATIONS, database, is_mongo, read_only
from collabdocs.environment import Environment
from collabdocs.meters import SECONDS
from collabdocs.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env.bool("DEBUG", False)
SECRET_KEY_IS_MADE = not env.str("SECRET_KEY", "")
SECRET_KEY = env.str("SECRET_KEY", "") or secret_key(DATA_DIR / "secret_key")
PROCESSES = env.int("PROCESSES", 1)  # server processes on these data, for the checks: it starts none
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
ALLOWED_ORIGINS = env.list("ALLOWED_ORIGINS", default=[])  # pages elsewhere that may open sockets
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "collabdocs.problems.csrf_failure"

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "channels",
    "accounts",
    "documents",
    "realtime",
    "collabdocs",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "collabdocs.finishing.PrivateAnswers",
    "collabdocs.finishing.NoDevices",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.BrowserSessions",
    "accounts.middleware.TooOftenPages",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "collabdocs.urls"
ASGI_APPLICATION = "collabdocs.asgi.application"
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
            ]
        },
    }
]

# --- Data -----------------------------------------------------------------------------------------------------
# "Saved" must be true, so SQLite syncs at each commit; group commit pays for it.
DATABASE_URL = env.str("DATABASE_URL", "") or f"sqlite:///{DATA_DIR / 'collabdocs.sqlite3'}"
SQLITE_SYNCHRONOUS = env.one_of("SQLITE_SYNCHRONOUS", "FULL", "EXTRA", "NORMAL", "OFF", default="FULL")
DATABASES = {"default": database(DATABASE_URL, synchronous=SQLITE_SYNCHRONOUS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if is_mongo(DATABASE_URL):
    INSTALLED_APPS = [*(MONGO_APPS.get(app, app) for app in INSTALLED_APPS), "django_mongodb_backend"]
    MIGRATION_MODULES = MONGO_MIGRATIONS
    DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
else:
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
SOURCE_DATABASE_URL = env.str("SOURCE_DATABASE_URL", "")  # what `manage.py move_documents` carries from
if SOURCE_DATABASE_URL:
    DATABASES["source"] = read_only(SOURCE_DATABASE_URL)

# amqp://user:password@host:port/vhost; without a vhost it is "/"
RABBITMQ_URL = env.service("RABBITMQ_URL", "amqp", "amqps")
CHANNEL_LAYERS = {
    "default": {"BACKEND": "collabdocs.layers.RabbitmqLayer", "CONFIG": {"host": RABBITMQ_URL}}
    if RABBITMQ_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
REDIS_URL = env.service("REDIS_URL", "redis", "rediss", "unix")
CACHES = {"default": shared_cache(REDIS_URL, "default"), "texts": shared_cache(REDIS_URL, "texts")}

# --- Who is asking --------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["accounts.hashing.BoundedHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "accounts.passwords.PossibleValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "document-list"
LOGOUT_REDIRECT_URL = "home"
SIGN_UP_OPEN = env.bool("SIGN_UP_OPEN", True)
ACCESS_TOKEN_LIFETIME = timedelta(seconds=env.int("ACCESS_TOKEN_SECONDS", 300))
REFRESH_TOKEN_LIFETIME = timedelta(days=env.int("REFRESH_TOKEN_DAYS", 14))
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "ISSUER": "collabdocs",
    "AUDIENCE": "collabdocs",
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": REFRESH_TOKEN_LIFETIME,
    "LEEWAY": 30,
}

SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
HTTPS = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS", False)
if HTTPS:  # no neighbour under the same domain, and nobody without TLS, can set a cookie of these names
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)  # only then X-Forwarded-For and -Proto are believed
SECURE_SSL_REDIRECT = HTTPS and BEHIND_PROXY  # else nothing would tell which requests came by HTTPS
SECURE_REDIRECT_EXEMPT = ["^metrics$"]  # asked from within
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 3600) if HTTPS else 0
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # HSTS for names beside ours is not ours to promise
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Mail, for a way back in: smtp+tls://user:password@host:587; by default it is written to the console -------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
SENDS_MAIL = "smtp" in str(vars()["EMAIL_BACKEND"])  # else no address can be proved, and each is believed
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "CollabDocs <collabdocs@localhost>")
PASSWORD_RESET_TIMEOUT = 3600  # seconds that such a way is open

# --- What is let in -------------------------------------------------------------------------------------------
PROMETHEUS_LATENCY_BUCKETS = SECONDS  # of requests, too
METRICS_TOKEN = env.str("METRICS_TOKEN", "")  # without it, /metrics is for this machine and private networks
RATE_LIMITS = env.str("RATE_LIMITS", "on") != "off"
# Code points of a document; blame numbers them by Python's code points, of which there are 1,114,112.
MAX_TEXT_LENGTH = min(env.int("MAX_TEXT_LENGTH", 1_000_000), 1_100_000)
MAX_INSERTED_LENGTH = env.int("MAX_INSERTED_LENGTH", 250_000)  # code points inserted by one submission
MAX_COMPONENTS = env.int("MAX_COMPONENTS", 1_000)  # components of one submission
MAX_FRAME_BYTES = env.int("MAX_FRAME_BYTES", 1 << 20)  # one incoming socket frame
MAX_BODY_BYTES = env.int("MAX_BODY_BYTES", 16 << 20)  # one HTTP request: 1,000,000 code points, all escaped
MAX_BASE_AGE = env.int("MAX_BASE_AGE", 20_000)  # versions behind the head before a client must catch up first
MAX_DOCUMENTS = env.int("MAX_DOCUMENTS", 10_000)  # of one owner, the trash included
MAX_COLLABORATORS = env.int("MAX_COLLABORATORS", 1_000)  # of one document, guests included
MAX_SHARE_LINKS = env.int("MAX_SHARE_LINKS", 100)  # of one document, at a time
MAX_COMMENTS = env.int("MAX_COMMENTS", 2_000)  # of one document, answers included
KEEP_ALIVE_SECONDS = env.int("KEEP_ALIVE_SECONDS", 5)  # that a line is kept for its next request
DRAIN_SECONDS = env.float("DRAIN_SECONDS", 5.0)  # over which the sockets of a stopping server are closed, at most
MAX_RENDERED_LENGTH = env.int("MAX_RENDERED_LENGTH", 200_000)  # code points of Markdown; longer texts show as they are
MAX_IMPORT_FILES = env.int("MAX_IMPORT_FILES", 200)  # texts in one import, those in its zips counted
MAX_INFLATED_BYTES = env.int("MAX_INFLATED_BYTES", 64 << 20)  # what the texts of one import may inflate to
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FILES = MAX_IMPORT_FILES

# --- REST -----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "accounts.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.permissions.WithinScope",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttles.WriteThrottle", "accounts.user_throttles.ReadThrottle"],
    "DEFAULT_PARSER_CLASSES": ["collabdocs.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["collabdocs.renderers.JSONRenderer", "collabdocs.renderers.BrowsableAPIRenderer"],
    "DEFAULT_PAGINATION_CLASS": "collabdocs.pagination.SkipLimitPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "collabdocs.problems.exception_handler",
    "URL_FORMAT_OVERRIDE": None,  # `Accept` says it; `?format=` is the export's
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CollabDocs",
    "DESCRIPTION": "Documents that people and programs edit together. Positions and lengths count Unicode code points.",
    "VERSION": "1",
    "TAGS": [
        {"name": "documents", "description": "Read and write whole documents; writes merge with what people type."},
        {"name": "operations", "description": "Follow and edit a document operation by operation."},
        {"name": "history", "description": "What was, who wrote it, and bringing it back."},
        {"name": "comments", "description": "What people say of a text."},
        {"name": "sharing", "description": "Who may do what."},
        {"name": "files", "description": "Text in and out as files."},
        {"name": "people", "description": "Who you are."},
        {"name": "tokens", "description": "Getting in."},
    ],
    "COMPONENT_SPLIT_PATCH": False,  # what a PATCH takes has a shape of its own
    "AUTHENTICATION_WHITELIST": ["accounts.authentication.BearerAuthentication"],  # programs bring no cookies
    "PREPROCESSING_HOOKS": ["accounts.schema.without_trailing_slashes"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "documents.api.schema.with_operation",
        "collabdocs.schema.with_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Role": "documents.models.Role",
        "GivenRole": "documents.models.GIVEN_CHOICES",
        "GrantType": ["password", "refresh_token"],
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "tryItOutEnabled": True},
    "SWAGGER_UI_OAUTH2_CONFIG": {"clientId": ""},
}

# --- Pages ----------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'", NONCE],  # CodeMirror writes its styles into a <style> of its own
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# --- What is told ---------------------------------------------------------------------------------------------
LOG_LEVEL = env.one_of("LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", default="WARNING")
looked_at = "TEXT" if DEBUG or sys.stderr.isatty() else "JSON"  # by people, or by programs that collect what is told
LOG_FORMAT = env.one_of("LOG_FORMAT", "TEXT", "JSON", default=looked_at).lower()
OTEL_EXPORTER_OTLP_ENDPOINT = env.service("OTEL_EXPORTER_OTLP_ENDPOINT", "http", "https")  # OpenTelemetry reads it too
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "collabdocs.logs.OneLine",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
        "json": {"()": "collabdocs.logs.JsonLines"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "collabdocs.start": {"level": "INFO"},  # one line, whatever LOG_LEVEL
        "collabdocs.audit": {"level": "INFO"},  # a line for each thing that an administrator did
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        "django.request": {"level": "ERROR"},  # a client's mistake is told to the client
        "django.security": {"level": "ERROR"},
        "django.template": {"level": "INFO"},  # below, these two tell all that a page or a command holds:
        "pymongo": {"level": "INFO"},  # texts, names, secrets and digests
    },
}
