"""Every setting in one file. Values that differ between places come from config/env.py."""

import tomllib

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env, logs

BASE_DIR = env.BASE_DIR
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
DATA_DIR = env.DATA_DIR
DATA_DIR.mkdir(parents=True, exist_ok=True)

IS_DEMO = env.MODE == "demo"
DEBUG = env.DEBUG
SECRET_KEY = env.secret_key()
if not IS_DEMO and len(SECRET_KEY) < 40:
    raise ImproperlyConfigured(
        "SECRET_KEY is missing or shorter than 40 characters; set it before PRRT_MODE=production."
    )
ALLOWED_HOSTS = env.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS

INSTALLED_APPS = [
    "patients",
    "imaging",
    "eligibility",
    "board",
    "demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.log_requests.RequestLogMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.middleware.NoStoreMiddleware",
    "config.page_headers.PermissionsPolicyMiddleware",
    "config.body_caps.BodyCapMiddleware",  # within all that sets headers, before anything that reads a form
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
                "config.context.frame",
            ]
        },
    }
]

# --- database: SQLite in WAL mode by default, PostgreSQL by DATABASE_URL --------------------------
DATABASES = {"default": env.DATABASE}
DATABASES["default"].setdefault("OPTIONS", {})
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] |= {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: a commit that was acknowledged survives a power cut, as on PostgreSQL.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=20000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- sign-in: allauth everywhere, the admin included ----------------------------------------------
AUTH_USER_MODEL = "patients.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "config.adapters.ClosedSignupAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# --- transport and page security ------------------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
if not IS_DEMO:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # The prefix: a browser takes them from this host only, over HTTPS only, for all of it.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"

# --- files ----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = IS_DEMO  # the demo needs no collectstatic
FILE_STORE_DIR = DATA_DIR / "store"
ANCHOR_FILE = env.ANCHOR_FILE  # outside the data: what shows that an old copy of the database is in use
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 2000
REQUEST_MAX_BYTES = 32 * 1024 * 1024  # of every page but the imports, which have their own cap
UPLOADS_PER_HOUR = 120  # that one person may begin in the browser
UPLOAD_BYTES_PER_DAY = env.UPLOAD_GB_PER_DAY * 10**9

# --- work in the background: the job row is the truth, the broker only a bell ----------------------
CELERY_BROKER_URL = env.BROKER_URL or "filesystem://"
CELERY_BROKER_DIR = env.BROKER_DIR
DEMO_BROKER_NOTE = DATA_DIR / env.BROKER_NOTE
JOB_LEASE_SECONDS = 60
JOB_RENEW_SECONDS = 15
JOB_SWEEP_SECONDS = 5
JOB_MAX_ATTEMPTS = 3

# --- clinical site settings -----------------------------------------------------------------------
KRENNING_SCALE = env.KRENNING_SCALE
GUIDELINE_DIR = env.GUIDELINE_DIR
WITHIN_SUBJECT_CV = env.WITHIN_SUBJECT_CV  # of repeat SUVs, a fraction; empty: borrowed from FDG, and said so
PRIMARY_GUIDELINES = env.PRIMARY_GUIDELINES
MEASUREMENT_ERRORS = env.MEASUREMENT_ERRORS
DUE_RULES_FILE = env.DUE_RULES_FILE
MINIMUM_DATA_FILE = env.MINIMUM_DATA_FILE
HOSPITAL_VIEWER_URL = env.HOSPITAL_VIEWER_URL
if HOSPITAL_VIEWER_URL and not (
    HOSPITAL_VIEWER_URL.startswith(("https://", "http://")) and "{study_uid}" in HOSPITAL_VIEWER_URL
):
    raise ImproperlyConfigured("PRRT_HOSPITAL_VIEWER_URL must be a web address with {study_uid} in it.")

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.TIME_ZONE
USE_TZ = True

# Ids only: no clinical or DICOM value may reach a log line (config/logs.py).
LOGGING = logs.settings_of(env.LOG_FORMAT, is_demo=IS_DEMO)
if not DEBUG:
    DEFAULT_EXCEPTION_REPORTER = "config.log_reporter.PlacesOnlyReporter"
