"""All settings, read from the environment only; a missing secret stops the process."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()


def mailer(address: dict[str, Any]) -> dict[str, Any]:
    """From smtp+tls://user:password@host:587, filemail:////directory or consolemail:// to an entry of MAILERS."""
    if address["EMAIL_HOST"]:
        options = {
            "host": address["EMAIL_HOST"],
            "port": address["EMAIL_PORT"],
            "username": address["EMAIL_HOST_USER"],
            "password": address["EMAIL_HOST_PASSWORD"],
            "use_tls": address.get("EMAIL_USE_TLS", False),
            "use_ssl": address.get("EMAIL_USE_SSL", False),
            "timeout": 10,
        }
    else:
        options = {"file_path": address["EMAIL_FILE_PATH"]} if address["EMAIL_FILE_PATH"] else {}
    return {"BACKEND": address["EMAIL_BACKEND"], "OPTIONS": options}


DEMO = env.bool("DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000")
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
IS_HTTPS = SITE_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "roles",
    "accounts.identity",
    "accounts",
    "invoices",
    "config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.logs.request_log",
    # Masks secrets of a page by padding of random length, so compression tells nothing about them (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "config.middleware.response_headers",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.identity.middleware.living_sessions",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.identity.middleware.SecondFactorMiddleware",
    "roles.middleware.TenantMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
                "config.shell.shell",
            ],
        },
    },
    {
        # Letters are plain text: nothing in them is escaped, and nothing in them is shown by a browser.
        "NAME": "letters",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"autoescape": False},
    },
]

# The runtime role owns nothing and cannot bypass row-level security; migrations run with
# DATABASE_URL set to the owner's address (`make demo` and docker-compose do that).
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In the database, so that log-in limits survive Redis and are shared by all processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kwit_cache",
        # When it is full a third is thrown away, limits of log-ins too: nobody shall fill it to be forgotten (V20).
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.identity.adapter.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.identity.services.passwords.GuessablePasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignUpForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "accounts.selectors.display_name"
# A demo has no mailbox; elsewhere an address proves itself before it may act.
ACCOUNT_EMAIL_VERIFICATION = "none" if DEMO else "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Kwit: "
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_ADAPTER = "accounts.identity.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.identity.forms.entrance.SignUpForm",
    "reset_password": "accounts.identity.forms.entrance.ResetPasswordForm",
}
# One address for each account; another one takes its place once it is confirmed.
ACCOUNT_CHANGE_EMAIL = True
# Whatever changes about an account's safety is told to its owner.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Beside allauth's own: tries against an account, and against one address of the network (V20).
ACCOUNT_RATE_LIMITS = {
    "second_factor": "10/m/ip,5/5m/key",
    "confirm": "10/m/ip,5/5m/key",
    "passkey_login": "10/m/ip",
    "invite": "20/m/ip,5/5m/key",
}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_HTTPS else "http"

MAILERS = {"default": mailer(env.email_url("EMAIL_URL", default="consolemail://"))}
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Kwit <kwit@localhost>")

LANGUAGE_CODE = "pl"
LANGUAGES = [("pl", _("polski"))]
LOCALE_PATHS = [BASE_DIR / "templates" / "locale"]
TIME_ZONE = "Europe/Warsaw"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Tests and development serve the files from where they lie; everywhere else they are collected first.
STATIC_MANIFEST = env.bool("STATIC_MANIFEST", default=True)
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}

# An invoice may have 10 000 lines; the one too many must still be answered with a message (S31's spirit).
DATA_UPLOAD_MAX_NUMBER_FIELDS = 120_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 12_000_000

# Whether a second factor is required before any page of a company (V17); only a demo does without by itself.
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=not DEMO)
# An installation that issues real invoices without it has to say that it means it.
MFA_WAIVED_IN_PRODUCTION = env.bool("MFA_WAIVED_IN_PRODUCTION", default=False)
MFA_ADAPTER = "accounts.identity.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
# The first address is confirmed before anybody is let in; one that waits to take its place bars no second factor.
MFA_ALLOW_UNVERIFIED_EMAIL = True

# The server ends a session that nobody uses for half an hour, and any after a day of work (V16).
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", default=12 * 3600)
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = IS_HTTPS and env.bool("SECURE_SSL_REDIRECT", default=True)
# Probes come from inside, over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Limits of log-ins count per address: the client's, not that of the proxy in front of everybody.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}

LOGGING = logging_settings(
    as_json=env.str("LOG_FORMAT", default="console") == "json", level=env.str("LOG_LEVEL", default="INFO")
)

REDIS_URL = env.str("REDIS_URL")


def _keys(text: str) -> dict[str, bytes]:
    keys = {}
    for entry in text.split(","):
        name, _colon, value = entry.strip().partition(":")
        try:
            keys[name] = base64.b64decode(value, validate=True)
        except ValueError:
            keys[name] = b""
        if not name or len(keys[name]) != 32:  # noqa: PLR2004 -- AES-256
            raise ImproperlyConfigured("KWIT_KEYS is a comma list of id:base64 of 32 bytes")
    return keys


# Key-encryption keys by id; the first seals, all of them open (roles.vault).
KWIT_KEYS = _keys(env.str("KWIT_KEYS"))

# How long a worker may hold a piece of work, and how long KSeF is given to show a document whose arrival
# is in doubt before the same bytes go out again.
OUTBOX_LEASE_SECONDS = env.int("OUTBOX_LEASE_SECONDS", default=60)
DOUBT_SECONDS = env.int("DOUBT_SECONDS", default=60)
# More documents of one person than these go to KSeF as one package; in parts of so many bytes.
BATCH_FROM = env.int("BATCH_FROM", default=20)
BATCH_PART_BYTES = env.int("BATCH_PART_BYTES", default=10_000_000)
# "name:kill" ends the worker at a named point; a practice installation only (tests/crash).
FAILPOINT = env.str("FAILPOINT", default="")

KSEF_SIMULATOR_URL = env.str("KSEF_SIMULATOR_URL", default="")
# Which environments a company may use here; the first is that of a new company.
KSEF_ENVIRONMENTS = env.list("KSEF_ENVIRONMENTS", default=["demo", "production"])
KSEF_TIMEOUT = env.float("KSEF_TIMEOUT", default=10.0)
# A demo installation never reaches KSeF: the simulator stands behind every environment and says so.
KSEF_IS_SIMULATED = DEMO and bool(KSEF_SIMULATOR_URL)
# Facts of KSeF, by environment: (API, host of the QR pages). The simulator plays each at a path of its own.
KSEF_ADDRESSES = {
    "production": ("https://api.ksef.mf.gov.pl/v2", "https://qr.ksef.mf.gov.pl"),
    "demo": ("https://api-demo.ksef.mf.gov.pl/v2", "https://qr-demo.ksef.mf.gov.pl"),
    "test": ("https://api-test.ksef.mf.gov.pl/v2", "https://qr-test.ksef.mf.gov.pl"),
    "simulator": (f"{KSEF_SIMULATOR_URL}/v2", KSEF_SIMULATOR_URL),
}
if KSEF_IS_SIMULATED:
    KSEF_ADDRESSES |= {
        name: (f"{KSEF_SIMULATOR_URL}/{name}/v2", f"{KSEF_SIMULATOR_URL}/{name}")
        for name in ("production", "demo", "test")
    }
# Where outages of each environment are published. TEST's is red for ever, so it tells nothing; DEMO has none (F49).
KSEF_LIGHTHOUSES = {
    "production": "https://api-latarnia.ksef.mf.gov.pl",
    "simulator": f"{KSEF_SIMULATOR_URL}/latarnia",
}
if KSEF_IS_SIMULATED:
    KSEF_LIGHTHOUSES |= {name: f"{KSEF_SIMULATOR_URL}/{name}/latarnia" for name in ("production", "demo")}
LIGHTHOUSE_SECONDS = env.int("LIGHTHOUSE_SECONDS", default=300)
# Where a person gets certificates and tokens: "Aplikacja Podatnika KSeF" of each environment (S8, S12).
KSEF_APPLICATIONS = {
    "production": "https://ap.ksef.mf.gov.pl/web/",
    "demo": "https://ap-demo.ksef.mf.gov.pl/web/",
    "test": "https://ap-test.ksef.mf.gov.pl/web/",
    "simulator": f"{KSEF_SIMULATOR_URL}/web/",
}
# Until when KSeF takes tokens: 31 December 2026 by today's law (Dz.U. 2025 poz. 1815, par. 13), which may change.
KSEF_TOKENS_UNTIL = date.fromisoformat(env.str("KSEF_TOKENS_UNTIL", default="2026-12-31"))
