"""The registry of Peppol providers: whoever logs in with a provider's certificate is entered (GET /peppol/query)."""

from cryptography import x509
from cryptography.x509.oid import NameOID

from ksef.simulator.messages import Response, json_response
from ksef.simulator.paging import read_numbered_page
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.world import World, iso


def register_provider(world: World, *, certificate: x509.Certificate, peppol_id: str) -> None:
    """Enter a provider under the name of its certificate; once entered it keeps its date."""
    name = str(certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    enter_provider(world.store, peppol_id=peppol_id, name=name, now=world.now())


def enter_provider(store: Store, *, peppol_id: str, name: str, now: int) -> None:
    store.run(
        "INSERT OR IGNORE INTO peppol_providers (id, name, created_at) VALUES (?, ?, ?)", peppol_id, name, now
    )


def is_provider(store: Store, peppol_id: str) -> bool:
    return store.row("SELECT 1 FROM peppol_providers WHERE id = ?", peppol_id) is not None


def query_providers(call: Call) -> Response:
    """GET /peppol/query: newest first."""
    page = read_numbered_page(call, low=10, high=100)
    rows = call.world.store.rows("SELECT * FROM peppol_providers ORDER BY created_at DESC, id")
    providers = [
        {"id": row["id"], "name": row["name"], "dateCreated": iso(row["created_at"])}
        for row in page.cut(rows)
    ]
    return json_response({"peppolProviders": providers, "hasMore": page.has_more(len(rows))})
