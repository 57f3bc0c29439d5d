"""The data desk's base classes: permission from roles and grants, every save through a service, history from the trail.

A model admin or inline talks to the services through three methods, ``add``, ``change`` and ``remove``. The
defaults record, revise and withdraw a versioned row; override them for anything else.
"""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from patients import reads, services
from patients.domain.dates import in_words
from patients.domain.roles import Capability
from patients.forms import ListField, PageForm, PartialDateField, ServiceForm, ServiceFormSet, UnitInput
from patients.kept import Kept
from patients.models import AuditEvent, Patient, Team, User, Versioned
from patients.number_fields import DecimalField, NumberInput, WholeNumberField
from patients.selectors import patient_lookup, visible_patients
from patients.services.audit import REASON_LENGTH
from patients.suggestions import SUGGESTIONS, list_id
from patients.trail import as_entries

CASE_FREE = (User, Team)
# A field's name ends in its unit; the box shows it behind the number.
UNIT_OF = {"mg": "mg", "mbq": "MBq", "mm": "mm", "ml": "mL", "2mm2": "per 2 mm²"}


class RolePermissions:
    """May this request do it? Staff, with the role's capability; rows are limited by ``get_queryset``."""

    read_capability = Capability.READ_CHART
    write_capability = Capability.EDIT_CLINICAL

    def _may(self, request, capability) -> bool:
        return request.user.is_staff and request.user.may(capability)

    def has_module_permission(self, request):
        return self._may(request, self.read_capability)

    def has_view_permission(self, request, obj=None):
        return self._may(request, self.read_capability)

    def has_add_permission(self, request, obj=None):
        return self._may(request, self.read_capability) and self._may(request, self.write_capability)

    def has_change_permission(self, request, obj=None):
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.has_add_permission(request, obj)


class Desk:
    """How a row gets written. ``parent`` is (field name, row) in an inline, None on a page of its own."""

    def add(self, *, by, values, parent=None):
        if parent is not None:
            values = {**values, parent[0]: parent[1]}
        return services.record(self.model, by=by, **values)

    def change(self, row, *, by, reason, seen_at, values):
        return services.revise(row, by=by, reason=reason, expected_recorded_at=seen_at, **values)

    def remove(self, row, *, by, reason):
        return services.withdraw(row, by=by, reason=reason)


class DeskFields:
    """Which form field a model field gets: partial dates in one box, lists as a line of words."""

    formfield_overrides = {
        models.DecimalField: {"form_class": DecimalField, "widget": NumberInput},
        models.IntegerField: {"form_class": WholeNumberField, "widget": NumberInput},
    }

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, models.DateField) and _has_precision(self.model, db_field):
            return PartialDateField(label=db_field.verbose_name.capitalize(), required=not db_field.blank)
        if isinstance(db_field, models.JSONField) and db_field.default is list:
            field = ListField(
                label=db_field.verbose_name.capitalize(), required=not db_field.blank, help_text="Separated by commas."
            )
            return _suggesting(field, db_field.name)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(db_field, models.DateField):
            field.widget.attrs["placeholder"] = "2024-03-15"
        if unit := UNIT_OF.get(db_field.name.rsplit("_", 1)[-1]):
            field.widget = UnitInput(unit)
            field.label = db_field.verbose_name.split(" (")[0].capitalize()
        return _suggesting(field, db_field.name)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None:
            field.queryset = self.choosable(db_field, field.queryset, request)
            field.iterator = NotingChoices
        return field

    def choosable(self, db_field, queryset, request):
        """Only rows of cases this user may read, each with its case at hand for its name."""
        visible = limited_to_visible(queryset, request.user)
        has_case = issubclass(queryset.model, Versioned)
        return visible.select_related(patient_lookup(queryset.model)) if has_case else visible

    def get_fields(self, request, obj=None):
        return [name for name in super().get_fields(request, obj) if name not in {"seen_version", "change_reason"}]

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [(title, {**options, "fields": self._as_shown(options["fields"])}) for title, options in fieldsets]

    def _as_shown(self, fields):
        """For a reader: a year stays a year, a list reads as words."""
        return [tuple(self._as_shown(f)) if isinstance(f, list | tuple) else self._shown(f) for f in fields]

    def _shown(self, name):
        if not isinstance(name, str):
            return name
        db_field = next((f for f in self.model._meta.concrete_fields if f.name == name), None)
        if db_field is None:
            return getattr(self, f"{name}_shown", name)
        if _has_precision(self.model, db_field):
            return _reader(db_field, lambda row: _partial_date(row, name))
        if isinstance(db_field, models.JSONField) and db_field.default is list:
            return _reader(db_field, lambda row: ", ".join(getattr(row, name)) or "-")
        return name

    def get_exclude(self, request, obj=None):
        precisions = [f"{f.name}_precision" for f in self.model._meta.fields if _has_precision(self.model, f)]
        return [*(super().get_exclude(request, obj) or []), *precisions]


class ServiceInline(RolePermissions, Desk, DeskFields, admin.TabularInline):
    form = ServiceForm
    formset = ServiceFormSet
    extra = 0
    show_change_link = True

    def get_formset(self, request, obj=None, **kwargs):
        self.parent_row = obj
        shown = flatten_fieldsets(self.get_fieldsets(request, obj))
        kwargs.setdefault("fields", [name for name in shown if isinstance(name, str)])
        formset = super().get_formset(request, obj, **kwargs)
        formset.desk = self
        # Rows are withdrawn, not deleted, so Django's check for rows a deletion would take along does not apply.
        formset.form = type("RowForm", (formset.form,), {"hand_clean_DELETE": lambda form: None})
        return formset

    def get_fieldsets(self, request, obj=None):
        return _with_seen_version(super().get_fieldsets(request, obj), self.has_change_permission(request, obj))

    def choosable(self, db_field, queryset, request):
        if self.parent_row is not None and issubclass(queryset.model, Versioned):
            path = patient_lookup(queryset.model)
            return queryset.filter(**{path: _patient_of(self.parent_row)}).select_related(path)
        return super().choosable(db_field, queryset, request)


class StackedServiceInline(ServiceInline):
    template = "admin/edit_inline/stacked.html"


class ServiceModelAdmin(RolePermissions, Desk, DeskFields, admin.ModelAdmin):
    form = PageForm
    list_per_page = 50
    actions = None
    object_history_template = "admin/audit_history.html"
    withdraw_template = "admin/withdraw.html"

    def get_queryset(self, request):
        return limited_to_visible(super().get_queryset(request), request.user)

    def get_object(self, request, object_id, from_field=None):
        found = super().get_object(request, object_id, from_field)
        if found is not None and self.model not in CASE_FREE:
            reads.note(found)
        return found

    def get_changelist_instance(self, request):
        found = super().get_changelist_instance(request)
        if self.model not in CASE_FREE:
            found.result_list = list(found.result_list)
            reads.note_all(found.result_list)
        return found

    def get_paginator(self, request, queryset, per_page, orphans=0, allow_empty_first_page=True):
        """For what is completed while typing, which asks for nothing else of this class."""
        return NotingPaginator(queryset, per_page, orphans, allow_empty_first_page)

    def get_fieldsets(self, request, obj=None):
        return _with_seen_version(super().get_fieldsets(request, obj), self.has_change_permission(request, obj))

    def get_readonly_fields(self, request, obj=None):
        fixed = ["patient"] if obj is not None and _leads_to_patient(self.model) else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (services.Conflict, services.StillInUse, ValidationError) as refused:
            # The race the forms cannot see: nothing was written, the page is shown afresh.
            messages.error(request, "; ".join(getattr(refused, "messages", [str(refused)])))
            return HttpResponseRedirect(request.get_full_path())

    def said_above(self, row) -> list[str]:
        """Said above the page of the row."""
        return [row.doubt_words] if isinstance(row, Kept) and row.doubts else []

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        for sentence in self.said_above(obj) if obj is not None and request.method == "GET" else []:
            messages.warning(request, f"In question: {sentence}")
        kwargs["obj"] = obj
        return super().render_change_form(request, context | {"suggestions": SUGGESTIONS}, *args, **kwargs)

    def save_model(self, request, obj, form, change):
        if not change:
            saved = self.add(by=request.user, values=form.service_values())
        elif form.service_changes():
            reason = form.cleaned_data["change_reason"]
            saved = self.change(
                obj, by=request.user, reason=reason, seen_at=form.seen_at(), values=form.service_values()
            )
        else:
            return
        # The page goes on with the form's own object: it becomes what the service stored.
        obj.__dict__.update(saved.__dict__)
        form.after_save(obj, by=request.user, reason=form.cleaned_data.get("change_reason", ""))

    def save_related(self, request, form, formsets, change):
        for formset in formsets:
            formset.save_through_services(by=request.user, reason=form.cleaned_data.get("change_reason", ""))

    def delete_view(self, request, object_id, extra_context=None):
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        form = WithdrawForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._removed(row, form, request):
            messages.success(request, f"{str(row).capitalize()} was withdrawn. It stays in the history.")
            return HttpResponseRedirect(self.url_after_withdrawal(row))
        return TemplateResponse(request, self.withdraw_template, {**self._frame(request, row), "form": form})

    def history_view(self, request, object_id, extra_context=None):
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        events = self.get_paginator(request, self.history(row), 100).get_page(request.GET.get("p", 1))
        entries = as_entries(events)
        context = {**self._frame(request, row), "events": events, "entries": entries, "title": f"History: {row}"}
        return TemplateResponse(request, self.object_history_template, context)

    def history(self, row):
        trail = AuditEvent.objects.filter(object_type=self.model._meta.label, object_id=str(row.pk))
        return trail.select_related("by").order_by("-id")

    def url_after_withdrawal(self, row) -> str:
        patient = _patient_of(row)
        if patient is not None:
            return reverse("admin:patients_patient_change", args=[patient.pk])
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _removed(self, row, form, request) -> bool:
        try:
            self.remove(row, by=request.user, reason=form.cleaned_data["reason"])
        except (services.Conflict, services.StillInUse) as refused:
            form.add_error(None, str(refused))
            return False
        return True

    def _frame(self, request, row) -> dict:
        return {
            **self.admin_site.each_context(request),
            "title": f"Withdraw: {row}",
            "original": row,
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "suggestions": SUGGESTIONS,
        }

    # The audit trail is the one history; the admin's own log would be a second, poorer one.
    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None


class NotingChoices(forms.models.ModelChoiceIterator):
    """Cases that a form offers are shown as well."""

    def choice(self, obj):
        reads.note_all([obj])
        return super().choice(obj)


class NotingPaginator(Paginator):
    def page(self, number):
        found = super().page(number)
        found.object_list = list(found.object_list)
        if self.object_list.model not in CASE_FREE:
            reads.note_all(found.object_list)
        return found


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"size": 80, "list": list_id("reason")}),
        help_text="Goes into the history with your name.",
    )


def _reader(db_field, text):
    def shown(row):
        return text(row)

    shown.__name__ = db_field.name
    shown.short_description = db_field.verbose_name
    return shown


def _partial_date(row, name: str) -> str:
    day = getattr(row, name)
    return in_words(day, getattr(row, f"{name}_precision")) if day else "-"


def _suggesting(field, name: str):
    if field is not None and name in SUGGESTIONS:
        field.widget.attrs["list"] = list_id(name)
    return field


def limited_to_visible(queryset, user):
    """Rows of cases this user may read. A model that leads to no case shows nothing unless it is listed here."""
    if queryset.model is Patient:
        return queryset.filter(pk__in=visible_patients(user).values("pk"))
    if queryset.model in CASE_FREE:
        return queryset
    if not _leads_to_patient(queryset.model):
        return queryset.none()
    return queryset.filter(**{f"{patient_lookup(queryset.model)}__in": visible_patients(user)})


def _leads_to_patient(model) -> bool:
    try:
        patient_lookup(model)
    except TypeError:
        return False
    return True


def _patient_of(row):
    return row if isinstance(row, Patient) else getattr(row, "patient", None)


def _has_precision(model, db_field) -> bool:
    return any(f.name == f"{db_field.name}_precision" for f in model._meta.concrete_fields)


def _with_seen_version(fieldsets, may_change: bool):
    """The hidden field that guards against lost updates travels with every form that can be saved."""
    return [*fieldsets, (None, {"fields": ["seen_version"]})] if may_change else fieldsets
