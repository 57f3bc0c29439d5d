"""Every setting in one file. Values that differ between places come from config/env.py."""

import tomllib

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env, logs

BASE_DIR = env.BASE_DIR
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
DATA_DIR = env.DATA_DIR
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
if any(DATA_DIR.is_relative_to(public) for public in (STATIC_ROOT, *STATICFILES_DIRS)):
    raise ImproperlyConfigured("PRRT_DATA_DIR lies where files are handed to anybody; choose a folder of its own.")
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
    "django.contrib.humanize",  # the library's list of security keys speaks by it
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
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
    "config.sessions.SessionLimits",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "config.sessions.SecondFactorRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.middleware.NoStoreMiddleware",
    "config.page_headers.PermissionsPolicyMiddleware",
    "config.methods.MethodsMiddleware",  # within all that sets headers, before anything that looks up a row of a case
    "config.body_caps.BodyCapMiddleware",  # the same, before anything that reads a form
    "config.nul_texts.NulTextMiddleware",
    "board.rewind_guard.RewindGuardMiddleware",
    "config.hospital_down.HospitalDownMiddleware",
    "config.middleware.ReadsMiddleware",
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
ACCOUNT_ADAPTER = "config.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# axes counts by account and address; this one is slower and counts by account from wherever.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "60/m/ip,30/h/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = env.TRUSTED_PROXIES
MFA_ADAPTER = "config.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "PRRT Board"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # mail addresses are set by administrators
MFA_ROLES = env.MFA_ROLES
SOCIALACCOUNT_ADAPTER = "config.hospital_sign_in.HospitalSignIn"
SOCIALACCOUNT_PROVIDERS = env.OIDC_PROVIDERS
OIDC_ORIGIN = env.OIDC_ORIGIN
OIDC_ROLE_CLAIM = env.OIDC_ROLE_CLAIM
OIDC_ROLES = env.OIDC_ROLES
LOCAL_SIGN_IN_FOR_ALL = env.LOCAL_SIGN_IN
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # of accounts older than Argon2: renewed at the next sign-in
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "config.passwords.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says how long, and then it is so
AXES_LOCKOUT_CALLABLE = "config.sign_in.locked_out"
AXES_CLIENT_IP_CALLABLE = "config.sign_in.address_of"
# Attempts and used one-time codes are counted once for all processes.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "prrt_cache"}}
IDLE_MINUTES = env.IDLE_MINUTES
SESSION_HOURS = 12
SESSION_HOURS_ADMIN = 8
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
BREAK_GLASS_MINUTES = env.BREAK_GLASS_MINUTES
EMAIL_CONFIG = env.EMAIL
EMAIL_BACKEND = EMAIL_CONFIG.get("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
vars().update({name: value for name, value in EMAIL_CONFIG.items() if name.startswith("EMAIL_") and value is not None})
SENDS_MAIL = not EMAIL_BACKEND.endswith("dummy.EmailBackend")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.MAIL_FROM
SITE_URL = env.SITE_URL
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
        "form-action": [SELF, *([OIDC_ORIGIN] if OIDC_ORIGIN else [])],
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
WHITENOISE_USE_FINDERS = IS_DEMO  # the demo needs no collectstatic
FILE_STORE_DIR = DATA_DIR / "store"
# What shows that an old copy of the database is in use; best outside the data. "" keeps none.
ANCHOR_FILE = env.ANCHOR_FILE or str(DATA_DIR / "anchor.txt")
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "config.form_files.UnnamedUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 2000
REQUEST_MAX_BYTES = 32 * 1024 * 1024  # of every page but the imports, which have their own cap
UPLOADS_PER_HOUR = 120  # that one person may begin in the browser
UPLOAD_BYTES_PER_DAY = env.UPLOAD_GB_PER_DAY * 10**9
DISK_RESERVE_BYTES = env.DISK_RESERVE_MB * 10**6  # no file takes what the database needs to go on

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
COHORT_KEY = env.COHORT_KEY or SECRET_KEY  # of pseudonyms and date shifts; never in an export
NAME_KEY = env.NAME_KEY or SECRET_KEY  # of what is kept in place of names; with another key scans are held once more
COHORT_SMALLEST_CELL = env.COHORT_SMALLEST_CELL
COHORT_EXPORT_DIR = DATA_DIR / "exports"
COHORT_EXPORT_HOURS = 24
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
    LOGGING_CONFIG = "config.uncaught.configure"
