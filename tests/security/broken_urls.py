"""The portal with one page that breaks."""

from typing import Never

from django.http import HttpRequest
from django.urls import path

from config.urls import urlpatterns as portal


def boom(_request: HttpRequest) -> Never:
    raise RuntimeError("kanarek-bledu")


urlpatterns = [path("boom/", boom), *portal]
