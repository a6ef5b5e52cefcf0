"""The pages under "Konfiguracja" of one company."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.company_settings, name="settings"),
    path("ksef/", views.ksef_settings, name="ksef"),
    path("ksef/token/", views.connect_token, name="connect_token"),
    path("ksef/certyfikat-testowy/", views.connect_certificate, name="connect_certificate"),
    path("ksef/rozlacz/", views.disconnect, name="disconnect"),
]
