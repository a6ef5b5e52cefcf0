"""Addresses under konto/. Those that allauth has too stand here first, so that ours answer."""

from allauth.account import views as allauth_views
from django.urls import path

from accounts.identity.confirmation import recently_confirmed
from accounts.identity.views import account, confirm, factors, passkeys
from accounts.identity.views.evenly import evenly

account_urls = [
    path("", account.account, name="account"),
    path("sesje/zakoncz/", account.end_other_sessions, name="end_other_sessions"),
    path("sesje/<uuid:session_id>/zakoncz/", account.end_session, name="end_session"),
    path("reauthenticate/", confirm.confirm, name="account_reauthenticate"),
    path("email/", recently_confirmed(allauth_views.email), name="account_email"),
    path("password/reset/", evenly(allauth_views.password_reset), name="account_reset_password"),
    path("login/klucz/", passkeys.log_in, name="passkey_login"),
    path("drugi-skladnik/", factors.setup, name="mfa_setup"),
    path("drugi-skladnik/logowanie/", confirm.second_step, name="mfa_authenticate"),
    path("drugi-skladnik/aplikacja/", factors.add_app, name="mfa_add_app"),
    path("drugi-skladnik/aplikacja/usun/", factors.remove_app, name="mfa_remove_app"),
    path("drugi-skladnik/kody/", factors.recovery_codes, name="mfa_recovery_codes"),
    path("drugi-skladnik/kody/plik/", factors.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("klucze/nowy/", passkeys.add_passkey, name="add_passkey"),
    path("klucze/<uuid:key>/", passkeys.edit_passkey, name="edit_passkey"),
    path("klucze/wyzwanie/<slug:purpose>/", passkeys.challenge, name="passkey_challenge"),
]
