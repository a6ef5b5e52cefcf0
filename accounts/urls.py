"""Addresses outside any company, and the pages under "Konfiguracja" of one."""

from django.urls import path

from accounts import views

open_urls = [
    path("", views.home, name="home"),
    path("firmy/nowa/", views.new_company, name="new_company"),
]

settings_urls = [
    path("", views.company_settings, name="settings"),
    path("ksef/", views.ksef_settings, name="ksef"),
    path("ksef/token/", views.connect_token, name="connect_token"),
    path("ksef/certyfikat-testowy/", views.connect_certificate, name="connect_certificate"),
    path("ksef/rozlacz/", views.disconnect, name="disconnect"),
]
