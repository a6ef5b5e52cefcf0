"""Addresses outside any company, and the pages under "Konfiguracja" and "Użytkownicy" of one."""

from django.urls import path

from accounts import views
from accounts.views import (
    help_pages,
    invitations,
    ksef,
    ksef_access,
    ksef_certificates,
    people,
    plan,
    roles,
)

open_urls = [
    path("", views.home, name="home"),
    path("firmy/nowa/", views.new_company, name="new_company"),
    path("zaproszenie/<slug:token>/", invitations.answer, name="invitation"),
]

settings_urls = [
    path("", views.company_settings, name="settings"),
    path("plan/", plan.plan, name="plan"),
    path("pomoc/uprawnienia/", help_pages.article, {"name": "roles"}, name="help_roles"),
    path("pomoc/wysylanie/", help_pages.article, {"name": "sending"}, name="help_sending"),
    path("ksef/", ksef.overview, name="ksef"),
    path("ksef/srodowisko/", ksef.environment, name="ksef_environment"),
    path("ksef/sposob/", ksef.choose_method, name="ksef_method"),
    path("ksef/parametry/", ksef.parameters, name="ksef_parameters"),
    path("ksef/rozlacz/", ksef.disconnect, name="disconnect"),
    path("ksef/przypomnij/<uuid:user_id>/", ksef.remind, name="ksef_remind"),
    path("ksef/pomoc/", ksef.help_article, name="ksef_help"),
    path("ksef/token/", ksef_access.token, name="connect_token"),
    path("ksef/certyfikat/", ksef_access.certificate, name="ksef_certificate"),
    path("ksef/certyfikat/z-innej-firmy/", ksef_access.borrow, name="ksef_borrow"),
    path("ksef/certyfikat-testowy/", ksef_access.practice, name="connect_certificate"),
    path("ksef/odnow/", ksef_access.renew, name="ksef_renew"),
    path("ksef/sprawdz/", ksef_access.check, name="ksef_check"),
    path("ksef/zakoncz-sesje/", ksef_access.end_login, name="ksef_end_login"),
    path("ksef/offline/", ksef_certificates.offline, name="ksef_offline"),
    path("ksef/offline/usun/", ksef_certificates.remove_offline, name="ksef_remove_offline"),
    path("ksef/nowy-certyfikat/<slug:kind>/", ksef_certificates.enroll, name="ksef_enroll"),
    path("ksef/nowy-certyfikat-dokoncz/", ksef_certificates.finish, name="ksef_finish"),
    path("ksef/uniewaznij/", ksef_certificates.revoke, name="ksef_revoke"),
]

users_urls = [
    path("", people.index, name="index"),
    path("zapros/", invitations.invite, name="invite"),
    path("zaproszenia/<uuid:invitation_id>/ponow/", invitations.resend, name="resend"),
    path("zaproszenia/<uuid:invitation_id>/wycofaj/", invitations.withdraw, name="withdraw"),
    path("dziennik/", people.journal, name="journal"),
    path("role/", roles.index, name="roles"),
    path("role/nowa/", roles.new, name="new_role"),
    path("role/<uuid:role_id>/", roles.edit, name="role"),
    path("role/<uuid:role_id>/usun/", roles.delete, name="delete_role"),
    path("<uuid:membership_id>/", people.member, name="member"),
    path("<uuid:membership_id>/wylacz/", people.deactivate, name="deactivate"),
    path("<uuid:membership_id>/przywroc/", people.reactivate, name="reactivate"),
]
