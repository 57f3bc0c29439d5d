"""People, their rights and their sign-ins."""

from django.urls import path

from patients.people import accounts, emergencies, invitations, own, readers, teams

app_name = "people"
urlpatterns = [
    path("", accounts.listing, name="accounts"),
    path("accounts/<str:pk>/", accounts.account, name="account"),
    path("accounts/<str:pk>/act/", accounts.act, name="act"),
    path("invitations/", invitations.listing, name="invitations"),
    path("invitations/<uuid:pk>/withdraw/", invitations.withdraw, name="invitation_withdraw"),
    path("invited/<str:token>/", invitations.invited, name="invited"),
    path("teams/", teams.listing, name="teams"),
    path("teams/<str:pk>/", teams.team, name="team"),
    path("cases/<case:case_number>/readers/", readers.open_to, name="open_case"),
    path("grants/<str:pk>/end/", readers.end, name="end_grant"),
    path("emergency/", emergencies.emergency, name="emergency"),
    path("emergencies/", emergencies.listing, name="emergencies"),
    path("emergencies/<str:pk>/act/", emergencies.act, name="emergency_act"),
    path("second-factor/", own.second_factor, name="second_factor"),
    path("session/", own.session, name="session"),
    path("session/stay/", own.stay, name="stay"),
    path("session/end-all/", own.end_all, name="end_all"),
    path("security-key/", own.security_key, name="security_key"),
]
