"""All addresses of the portal. Whatever begins with a company runs inside that company's transaction."""

from django.conf import settings
from django.urls import include, path

from accounts.identity.urls import account_urls
from accounts.urls import open_urls, settings_urls, users_urls
from accounts.views import demo_login
from config import health
from invoices.urls import (
    contractor_urls,
    dashboard_urls,
    inbox_urls,
    invoice_urls,
    purchase_urls,
    register_urls,
)

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("konto/", include(account_urls)),
    path("konto/", include("allauth.account.urls")),
    path("", include(open_urls)),
    path("<slug:company>/", include(dashboard_urls)),
    path("<slug:company>/faktury/", include((invoice_urls, "invoices"))),
    path("<slug:company>/koszty/", include((inbox_urls, "inbox"))),
    path("<slug:company>/rejestr-vat/", include((register_urls, "register"))),
    path("<slug:company>/zakupy/", include((purchase_urls, "purchases"))),
    path("<slug:company>/kontrahenci/", include((contractor_urls, "contractors"))),
    path("<slug:company>/uzytkownicy/", include((users_urls, "users"))),
    path("<slug:company>/konfiguracja/", include((settings_urls, "accounts"))),
]

if settings.DEMO:
    urlpatterns.insert(0, path("demo/zaloguj/", demo_login, name="demo_login"))
