"""What Docker would run, checked without Docker: the compose file's promises and its two scripts."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml

from config.cluster import binary
from config.embedded import await_database, prepare_database
from tests.waiting import directory_for_programs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.embedded import DatabaseAddresses

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DEPLOYMENT = ROOT / "config" / "deployment"


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with directory_for_programs() as directory:
        yield directory


@pytest.fixture
def made(tmp_path: Path) -> Path:
    directory = tmp_path / "made"
    subprocess.run(
        [DEPLOYMENT / "make-secrets"], env={**os.environ, "KWIT_SECRETS": str(directory)}, check=True
    )
    return directory


@pytest.fixture
def bare_cluster(var_dir: Path) -> Iterator[DatabaseAddresses]:
    """A server as the official image starts it: no role but the superuser's."""
    database = prepare_database(var_dir)
    process = database.program.start()
    try:
        await_database(database, process)
        with psycopg.connect(database.addresses.superuser_url, autocommit=True) as superuser:
            superuser.execute("DROP DATABASE kwit")
            superuser.execute("DROP ROLE kwit_owner, kwit_app")
        yield database.addresses
    finally:
        database.program.stop(process)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_confined_and_watched(name: str) -> None:
    """V37: read-only, no new privileges, restarted, and asked how it is."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    if name == "migrate":
        assert service["restart"] == "on-failure"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]


def test_the_parts_are_all_there() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "migrate", "database", "redis", "simulator"}
    assert [name for name, service in SERVICES.items() if service.get("profiles")] == ["simulator"]
    assert all(re.search(r":\d", SERVICES[name]["image"]) for name in ("database", "redis"))
    assert int(SERVICES["database"]["image"].split(":")[1].split("-")[0]) >= 16


def test_secrets_come_from_files_alone(made: Path) -> None:
    """V32: no environment variable holds a secret, only the path of a file that make-secrets makes."""
    for service in SERVICES.values():
        given = {f"/run/secrets/{secret}" for secret in service.get("secrets", [])}
        for name, value in service.get("environment", {}).items():
            if re.search(r"KEY|PASSWORD|DATABASE_URL|REDIS_URL|EMAIL_URL", name):
                assert name.endswith("_FILE")
                assert value in given
    assert {path.name for path in made.iterdir()} == set(COMPOSE["secrets"])
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_only_the_migration_knows_the_owner() -> None:
    """V7: the web and the workers cannot log in as the role that owns the tables."""
    knows = {name for name, service in SERVICES.items() if "database_owner_url" in service.get("secrets", [])}
    assert knows == {"migrate", "database"}
    assert SERVICES["migrate"]["environment"]["DATABASE_URL_FILE"] == "/run/secrets/database_owner_url"


def test_secrets_are_made_once(made: Path) -> None:
    before = {path.name: path.read_text() for path in made.iterdir()}
    subprocess.run([DEPLOYMENT / "make-secrets"], env={**os.environ, "KWIT_SECRETS": str(made)}, check=True)
    assert {path.name: path.read_text() for path in made.iterdir()} == before
    assert len(set(before.values())) == len(before)


def test_the_init_script_makes_both_roles(made: Path, bare_cluster: DatabaseAddresses) -> None:
    """V7: the same two roles as everywhere, with the passwords inside the addresses the portal is given."""
    server = psycopg.conninfo.conninfo_to_dict(bare_cluster.superuser_url)
    subprocess.run(
        [DEPLOYMENT / "make-roles.sh"],
        env={
            "PATH": f"{binary('psql').parent}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server["port"]),
            "PGPASSWORD": str(server["password"]),
            "DATABASE_URL_FILE": str(made / "database_url"),
            "DATABASE_OWNER_URL_FILE": str(made / "database_owner_url"),
        },
        check=True,
    )
    here = f"127.0.0.1:{server['port']}"
    with psycopg.connect((made / "database_url").read_text().replace("database:5432", here)) as app:
        facts = app.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert facts == (False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (id int)")
    with psycopg.connect((made / "database_owner_url").read_text().replace("database:5432", here)) as owner:
        owner.execute("CREATE TABLE ours (id int)")


def test_the_image_holds_the_portal_only() -> None:
    """V37: neither tests nor history nor secrets get into the image: what is not named stays out."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == {
        *("manage.py", "config", "accounts", "invoices", "ksef", "roles", "templates", "static"),
        "requirements/base.txt",
    }
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "USER kwit" in dockerfile
    assert "--require-hashes" in dockerfile
