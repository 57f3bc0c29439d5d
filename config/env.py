"""The only reader of environment variables; settings.py reads this."""

import os
import secrets
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

_read = environ.Env()
_env_file = BASE_DIR / ".env"
if _env_file.is_file():
    _read.read_env(str(_env_file))


def demo_broker_url() -> str:
    """The private queue of a demo that is running on these data, so that commands beside it reach its worker."""
    kept = DATA_DIR / BROKER_NOTE
    if MODE != "demo" or not kept.is_file():
        return ""
    url = kept.read_text().strip()
    return url if Path(url.removeprefix("redis+socket://")).is_socket() else ""


DEBUG: bool = _read.bool("DEBUG", default=False)
# "demo" is the embedded, loopback-only start of `make demo`; anything else is a real deployment.
MODE: str = _read.str("PRRT_MODE", default="demo")
ALLOWED_HOSTS: list[str] = _read.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = _read.list("CSRF_TRUSTED_ORIGINS", default=[])
DATA_DIR = Path(_read.str("PRRT_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
BROKER_NOTE = "broker-url"
DATABASE: dict = _read.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'prrt.sqlite3'}")
BROKER_URL: str = _read.str("CELERY_BROKER_URL", default="") or demo_broker_url()
BROKER_DIR = Path(_read.str("PRRT_BROKER_DIR", default=str(DATA_DIR / "broker")))
TIME_ZONE: str = _read.str("TIME_ZONE", default="UTC")
KRENNING_SCALE: str = _read.str("PRRT_KRENNING_SCALE", default="KR-ORIG")
HOSPITAL_VIEWER_URL: str = _read.str("PRRT_HOSPITAL_VIEWER_URL", default="")
WITHIN_SUBJECT_CV: str = _read.str("PRRT_WITHIN_SUBJECT_CV", default="")
GUIDELINE_DIR: str = _read.str("PRRT_GUIDELINE_DIR", default="")
PRIMARY_GUIDELINES: list[str] = _read.list("PRRT_PRIMARY_GUIDELINES", default=["lutathera-smpc-eu", "krenning-gt2"])
MEASUREMENT_ERRORS: str = _read.str("PRRT_MEASUREMENT_ERRORS", default="")
DUE_RULES_FILE: str = _read.str("PRRT_DUE_RULES", default="")
# "json": one object per line, for a collector; "text": for people.
LOG_FORMAT: str = _read.str("PRRT_LOG", default="text" if MODE == "demo" else "json")
DISK_RESERVE_MB: int = _read.int("PRRT_DISK_RESERVE_MB", default=256)
UPLOAD_GB_PER_DAY: int = _read.int("PRRT_UPLOAD_GB_PER_DAY", default=200)
ANCHOR_FILE: str = _read.str("PRRT_ANCHOR_FILE", default="")
MINIMUM_DATA_FILE: str = _read.str("PRRT_MINIMUM_DATA", default="")
# --- people and signing in ---
# Demo accounts share a printed password: a second factor there would protect nothing.
_ALL_BUT = "nuclear_medicine,clinician,coordinator,chair,data_entry,researcher,system_admin"
MFA_ROLES: list[str] = _read.list("PRRT_MFA_ROLES", default=[] if MODE == "demo" else _ALL_BUT.split(","))
IDLE_MINUTES: int = _read.int("PRRT_IDLE_MINUTES", default=480 if MODE == "demo" else 15)
BREAK_GLASS_MINUTES: int = _read.int("PRRT_BREAK_GLASS_MINUTES", default=60)
# In production the site stands behind the proxy that ends TLS: without it everybody would count as that one address.
TRUSTED_PROXIES: int = _read.int("PRRT_TRUSTED_PROXIES", default=0 if MODE == "demo" else 1)
# Without a mail server the demo prints mails; anywhere else none is sent, since a log must not hold a link that opens.
EMAIL: dict = _read.email_url("EMAIL_URL", default="consolemail://" if MODE == "demo" else "dummymail://")
MAIL_FROM: str = _read.str("PRRT_MAIL_FROM", default="prrt-board@localhost")
SITE_URL: str = _read.str("PRRT_SITE_URL", default="").rstrip("/")
OIDC_ISSUER: str = _read.str("PRRT_OIDC_ISSUER", default="").rstrip("/")
OIDC_ORIGIN = "/".join(OIDC_ISSUER.split("/")[:3])
OIDC_PROVIDERS: dict = {}
if OIDC_ISSUER:
    _app = {
        "provider_id": "hospital",
        "name": _read.str("PRRT_OIDC_NAME", default="Hospital sign-in"),
        "client_id": _read.str("PRRT_OIDC_CLIENT_ID"),
        "secret": _read.str("PRRT_OIDC_SECRET"),
        "settings": {"server_url": OIDC_ISSUER},
    }
    OIDC_PROVIDERS = {"openid_connect": {"APPS": [_app], "OAUTH_PKCE_ENABLED": True}}
# "claim value=role,..."; without it a token never says what somebody may do here.
OIDC_ROLES: dict[str, str] = _read.dict("PRRT_OIDC_ROLES", default={})
OIDC_ROLE_CLAIM: str = _read.str("PRRT_OIDC_ROLE_CLAIM", default="groups")
LOCAL_SIGN_IN: bool = _read.bool("PRRT_LOCAL_SIGN_IN", default=True)
COHORT_KEY: str = _read.str("PRRT_COHORT_KEY", default="")
NAME_KEY: str = _read.str("PRRT_NAME_KEY", default="")
COHORT_SMALLEST_CELL: int = _read.int("PRRT_COHORT_SMALLEST_CELL", default=5)


def secret_key() -> str:
    """SECRET_KEY, or for the loopback demo a random one kept beside its data."""
    given = _read.str("SECRET_KEY", default="")
    if given or MODE != "demo":
        return given
    kept = DATA_DIR / "demo-secret-key"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_name(f"{kept.name}.{os.getpid()}")
        draft.write_text(secrets.token_urlsafe(50))
        draft.chmod(0o600)
        try:
            os.link(draft, kept)  # first writer wins when several processes start at once
        except FileExistsError:
            pass
        draft.unlink()
    return kept.read_text()
