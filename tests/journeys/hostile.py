"""Texts that would be code if any page took them for code, put into every free text of every row."""

import itertools

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from board.append_only import lifted

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
# What the code reads as a word of a list, a key or an address; poisoning it would only test the lists.
WORDS_OF_LISTS = (
    "sha256", "digest", "hash", "version", "uid", "token", "url", "edition", "method", "unit", "analyte", "tracer", "modality",
    "username", "password", "case_number", "code", "object_id", "object_type", "action", "reason_code", "email", "content_type",
    "content_encoding", "split_key", "session", "last_case", "organ", "primary_site", "treatment_class", "name_of_set", "guideline_id",
    "discipline", "units", "sex", "key", "stage", "why", "regimen", "dicom_sex", "role", "identity", "timezone", "scale", "kind",
    "ki67_text", "verdict",
)  # fmt: skip
_turn = itertools.count()


def hostile(most: int) -> str:
    """The next payload that fits, with a number that makes it one of a kind."""
    for _ in PAYLOADS:
        n = next(_turn)
        text = f"{PAYLOADS[n % len(PAYLOADS)]} {n}"
        if len(text) <= most:
            return text
    return f"<b>{n}"[:most]


def poisoned_fields(model: type[models.Model]) -> list[models.Field]:
    texts = (field for field in model._meta.concrete_fields if isinstance(field, models.CharField | models.TextField))
    return [
        f
        for f in texts
        if not f.choices and not any(word == f.name or f.name.endswith("_" + word) for word in WORDS_OF_LISTS)
    ]


def poison() -> int:
    """Every free text of every row there is; how many."""
    done = 0
    with lifted():
        for model in apps.get_models():
            if model._meta.app_label not in OURS:
                continue
            fields = poisoned_fields(model)
            for pk in list(model._base_manager.values_list("pk", flat=True)) if fields else []:
                values = {field.name: hostile(field.max_length or 300) for field in fields}
                try:
                    with transaction.atomic():
                        done += len(values) * models.QuerySet(model).filter(pk=pk).update(**values)
                except IntegrityError:
                    continue
    return done


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
