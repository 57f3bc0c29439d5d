"""Accounts and teams: for system administrators, who read no clinical record."""

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect

from patients import services
from patients.domain.roles import Capability
from patients.forms import SeenVersionField
from patients.models import Team, User
from patients.overtaken import stored_values, told


class AccountPermissions:
    """Managing users is a capability of a role; whoever grants access may look names up."""

    def has_module_permission(self, request):
        return self._manages(request)

    def has_view_permission(self, request, obj=None):
        return self._manages(request) or self._looks_up(request)

    def has_add_permission(self, request):
        return self._manages(request)

    def has_change_permission(self, request, obj=None):
        return self._manages(request)

    def has_delete_permission(self, request, obj=None):
        """An account that has written anything stays; it can be made inactive."""
        return False

    def _manages(self, request) -> bool:
        return request.user.is_staff and request.user.may(Capability.MANAGE_USERS)

    def _looks_up(self, request) -> bool:
        is_lookup = request.resolver_match is not None and request.resolver_match.url_name == "autocomplete"
        return is_lookup and request.user.may(Capability.GRANT_ACCESS)


class SeenForm(forms.ModelForm):
    """Carries the version on the screen: a form that was overtaken shows both states and stores nothing."""

    seen_version = SeenVersionField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["seen_version"] = services.version_of(self.instance)

    def clean(self):
        cleaned = super().clean()
        if self.instance._state.adding or self.cleaned_data.get("seen_version") == self.initial["seen_version"]:
            return cleaned
        self.data = self.data.copy()
        self.data["seen_version"] = self.initial["seen_version"]
        raise told(self, stored_values(self.instance, has_centre=False), services.OVERTAKEN)


class AccountForm(SeenForm, UserChangeForm):
    """Nobody changes their own role or locks themselves out."""

    acting_user = None

    def clean(self):
        cleaned = super().clean()
        own = self.acting_user is not None and self.instance.pk == self.acting_user.pk
        if own and {"role", "is_active", "is_staff", "teams"} & set(self.changed_data):
            raise ValidationError("Your own role and sign-in rights can only be changed by another administrator.")
        return cleaned


class BoundToSeen:
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except services.Conflict as refused:
            # The race the form cannot see: nothing was written, the page is shown afresh.
            messages.error(request, str(refused))
            return HttpResponseRedirect(request.get_full_path())


@admin.register(User)
class UserAdmin(AccountPermissions, BoundToSeen, DjangoUserAdmin):
    form = AccountForm
    actions = None
    list_display = ["username", "first_name", "last_name", "role", "is_active", "is_staff", "last_login"]
    list_filter = ["role", "is_active", "teams"]
    search_fields = ["username", "first_name", "last_name"]
    filter_horizontal = ["teams"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", ("first_name", "last_name"), "email"]}),
        ("Role", {"fields": ["role", "teams", ("is_active", "is_staff")]}),
        ("Sign-in", {"fields": [("last_login", "date_joined")]}),
        (None, {"fields": ["seen_version"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "usable_password", "password1", "password2"]}),
        ("Role", {"fields": ["role", "teams", "is_staff"]}),
    ]

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.acting_user = request.user
        return form

    def save_model(self, request, obj, form, change):
        seen = form.cleaned_data.get("seen_version")
        services.store_user(obj, by=request.user, teams=form.cleaned_data.get("teams"), seen=seen)
        if change and {"role", "is_active", "is_staff"} & set(form.changed_data):
            services.sign_out_everywhere(obj, by=request.user, reason="rights changed")

    def save_related(self, request, form, formsets, change):
        """The service stored the teams already."""

    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        if isinstance(message, list) and any("password" in str(part).lower() for part in message):
            services.audit(by=request.user, action="change_password", obj=obj)
            services.sign_out_everywhere(obj, by=request.user, reason="password changed")


@admin.register(Team)
class TeamAdmin(AccountPermissions, BoundToSeen, admin.ModelAdmin):
    form = SeenForm
    actions = None
    fields = ["name", "kind", "opens_its_cases", "seen_version"]
    list_display = ["name", "kind", "opens_its_cases"]
    search_fields = ["name"]

    def save_model(self, request, obj, form, change):
        services.store_team(obj, by=request.user, seen=form.cleaned_data.get("seen_version"))

    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None


admin.site.unregister(Group)
