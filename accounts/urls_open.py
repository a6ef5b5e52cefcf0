"""Addresses outside any company: the front door and the founding of a company."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("firmy/nowa/", views.new_company, name="new_company"),
]
