# The portal's one image: web, worker, beat, migrations and the simulator differ by their command only.
FROM python:3.13-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes -r requirements/base.txt

WORKDIR /srv/kwit
COPY . .
RUN python -m compileall -q .
# The settings want to be complete; these values end with this step.
RUN SECRET_KEY=build KWIT_KEYS=build:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgresql://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1/0 \
    STATIC_ROOT=/srv/static python manage.py collectstatic --no-input


FROM python:3.13-slim-bookworm

# What PDFs need; libharfbuzz-subset makes them three times faster.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin kwit \
    && install -d -o kwit -g kwit /var/lib/kwit

COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    STATIC_ROOT=/srv/static \
    VAR_DIR=/var/lib/kwit \
    XDG_CACHE_HOME=/tmp/cache \
    LOG_FORMAT=json \
    HOST=0.0.0.0 \
    PORT=8000
WORKDIR /srv/kwit
USER kwit
EXPOSE 8000
CMD ["gunicorn", "-c", "python:config.gunicorn", "config.wsgi"]
