"""Addresses outside any company, and the pages under "Konfiguracja" of one."""

from django.urls import path

from accounts import views
from accounts.views import ksef, ksef_access, ksef_certificates

open_urls = [
    path("", views.home, name="home"),
    path("firmy/nowa/", views.new_company, name="new_company"),
]

settings_urls = [
    path("", views.company_settings, name="settings"),
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
