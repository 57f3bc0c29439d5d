"""Texts that would be code if any page took them for code, put into every free text of every row."""

import itertools

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django.utils import timezone

from board.append_only import lifted
from tests.journeys.hostile_words import OWN, SPOKEN, TEXT_LISTS, WORDS

OURS = ("patients", "imaging", "eligibility", "board")
PAYLOADS = [
    "<script>xss(1)</script>", "<img src=x onerror=xss(1)>", "<svg onload=xss(1)>", "<b>xss</b>", "<s>x</s>",
    '"><script>xss(1)</script>', "'><img src=x onerror=xss(1)>", '" onmouseover="xss(1)" x="', "' autofocus onfocus='xss(1)",
    "<iframe src=javascript:xss(1)>", "<iframe srcdoc='<script>parent.xss(1)</script>'>", "<object data=javascript:xss(1)>",
    "<embed src=javascript:xss(1)>", "<a href=javascript:xss(1)>x</a>", "<form action=javascript:xss(1)><button>x",
    "<details open ontoggle=xss(1)>", "<video><source onerror=xss(1)>", "<audio src=x onerror=xss(1)>", "<body onload=xss(1)>",
    "<input autofocus onfocus=xss(1)>", "<select autofocus onfocus=xss(1)>", "<marquee onstart=xss(1)>", "<meta http-equiv=refresh content=0>",
    "<base href=//x.invalid/>", "<link rel=stylesheet href=//x.invalid/x.css>", "<style>*{display:none}</style>", "</title><script>xss(1)</script>",
    "</textarea><script>xss(1)</script>", "</script><script>xss(1)</script>", "--><img src=x onerror=xss(1)>", "]]><svg onload=xss(1)>",
    "<math><mi xlink:href=javascript:xss(1)>x", "<svg><script>xss(1)</script></svg>", "<svg><animate onbegin=xss(1) attributeName=x>",
    "<scr<script>ipt>xss(1)</scr</script>ipt>", "\\u003cimg src=x onerror=xss(1)\\u003e", "&lt;img src=x onerror=xss(1)&gt;", "{{7*7}}{% debug %}",
    "${xss(1)}#{xss(1)}`${xss(1)}`", "javascript:xss(1)", "<p style=background:url(javascript:xss(1))>", "<noscript><p title='</noscript><img src=x onerror=xss(1)>'>",
]  # fmt: skip
_turn = itertools.count()


def hostile(most: int) -> str:
    """The next payload that fits, with a number that makes it one of a kind."""
    for _ in PAYLOADS:
        n = next(_turn)
        text = f"{PAYLOADS[n % len(PAYLOADS)]} {n}"
        if len(text) <= most:
            return text
    return f"<b>{n}"[:most]


def text_fields(model: type[models.Model]) -> list[models.Field]:
    """Every text but one chosen from a list, which the database itself holds to the list."""
    texts = (field for field in model._meta.concrete_fields if isinstance(field, models.CharField | models.TextField))
    return [field for field in texts if not field.choices]


def name_of(field: models.Field) -> str:
    return f"{field.model._meta.label}.{field.name}"


def poisoned_fields(model: type[models.Model]) -> list[models.Field]:
    return [field for field in text_fields(model) if name_of(field) not in WORDS]


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def fill(first: dict[type[models.Model], models.Model]) -> None:
    """A row of every model that has none, on the rows that are there; of ``first`` models the given ones."""
    waiting = [model for model in our_models() if not model._base_manager.exists()]
    while waiting:
        made = [model for model in waiting if _made(model, first)]
        if not made:
            return
        waiting = [model for model in waiting if model not in made]


def _made(model: type[models.Model], first: dict) -> bool:
    values: dict[str, object] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey):
            related = field.remote_field.model
            found = first.get(related) or related._base_manager.order_by("pk").first()
            if found is None and not field.null:
                return False
            values[field.name] = found if related is not model else None
        elif not field.null and not field.has_default() and not field.primary_key:
            values[field.name] = _any(field)
    try:
        with transaction.atomic():
            model._base_manager.bulk_create([model(**{**values, **OWN.get(model._meta.label, {})})])
    except IntegrityError:
        return False
    return True


def _any(field: models.Field) -> object:
    if field.choices:
        return next(value for value, _ in field.flatchoices if value)
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.DateField):
        return timezone.localdate()
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.JSONField):
        return []
    if isinstance(field, models.CharField | models.TextField):
        return "a" if field.name != "sha256" else "0" * 64
    return 1


def poison() -> set[str]:
    """Every free text of every row there is; the names of the fields that took it."""
    done = set()
    with lifted():
        for model in our_models():
            fields = poisoned_fields(model)
            for pk in list(model._base_manager.values_list("pk", flat=True)) if fields else []:
                row = models.QuerySet(model).filter(pk=pk)
                for field in fields:  # one by one: what one of them must not hold keeps none of the others from it
                    try:
                        with transaction.atomic():
                            row.update(**{field.name: hostile(field.max_length or 300)})
                    except IntegrityError:
                        continue
                    done.add(name_of(field))
    return done


def poison_leaves() -> set[str]:
    """Every text within a JSON value that stands under a word of its own (SPOKEN), or in a list of texts; what took any."""
    done = set()
    with lifted():
        for model in our_models():
            for field in (f for f in model._meta.concrete_fields if isinstance(f, models.JSONField)):
                is_list = name_of(field) in TEXT_LISTS
                for pk, value in list(model._base_manager.values_list("pk", field.name)):
                    changed, count = _poisoned(value, is_text=is_list)
                    if count and _put(model, pk, field.name, changed):
                        done.add(name_of(field))
    return done


def _put(model: type[models.Model], pk, name: str, value) -> bool:
    try:
        with transaction.atomic():
            models.QuerySet(model).filter(pk=pk).update(**{name: value})
    except IntegrityError:
        return False
    return True


def _poisoned(value, *, is_text: bool) -> tuple[object, int]:
    """A copy with code in its texts, and in how many."""
    if isinstance(value, str):
        return (hostile(300), 1) if is_text and value else (value, 0)
    if isinstance(value, list):
        parts = [_poisoned(one, is_text=is_text) for one in value]
        return [one for one, _ in parts], sum(count for _, count in parts)
    if isinstance(value, dict):
        named = {key: _poisoned(one, is_text=key in SPOKEN) for key, one in value.items()}
        return {key: one for key, (one, _) in named.items()}, sum(count for _, count in named.values())
    return value, 0


def planted(request):
    """What a page with `|safe` would be: the control that all of this can be seen."""
    texts = PAYLOADS if request.GET.get("only") is None else [PAYLOADS[int(request.GET["only"])]]
    page = "<!doctype html><title>planted</title><main>{% for text in texts %}<p>{{ text|safe }}</p>{% endfor %}</main>"
    answer = HttpResponse(engines["django"].from_string(page).render({"texts": texts}, request))
    if "open" in request.GET:
        answer._csp_exempt = True
    return answer


urlpatterns = [path("planted/", planted), path("", include("config.urls"))]

# Looked at in the page: what ran, what the policy had to stop, and what no template of ours writes.
WATCH = """
window.ran = []; window.stopped = [];
window.xss = (n) => window.ran.push(n);
addEventListener("securitypolicyviolation", (e) => window.stopped.push(e.violatedDirective + " " + e.blockedURI));
"""
# Of the page that is open, or of the text of one as this browser takes it to pieces.
STRANGE = """(html) => {
  const never = new Set(["IFRAME", "OBJECT", "EMBED", "BASE", "MARQUEE", "VIDEO", "AUDIO", "MATH", "STYLE", "S", "ANIMATE"]);
  const found = [];
  const look = (root) => {
    for (const el of root.querySelectorAll("*")) {
      const name = el.tagName.toUpperCase();
      const own = [...el.attributes].map((a) => a.name + "=" + a.value);
      if (never.has(name)) found.push(name);
      if (name === "SCRIPT" && !el.src && el.type !== "application/json") found.push("SCRIPT");
      if (name === "META" && el.httpEquiv) found.push("META");
      if (name === "IMG" && el.getAttribute("src") === "x") found.push("IMG");
      if (name === "B" && el.textContent === "xss") found.push("B");
      for (const said of own) if (/^on[a-z]+=/i.test(said) || /^(href|src|action|formaction|xlink:href)=\\s*javascript:/i.test(said)) found.push(name + " " + said.slice(0, 60));
      if (el.shadowRoot) look(el.shadowRoot);
    }
  };
  look(html ? new DOMParser().parseFromString(html, "text/html") : document);
  return { strange: found, ran: window.ran, stopped: window.stopped, texts: document.documentElement.outerHTML.includes("xss") };
}"""
