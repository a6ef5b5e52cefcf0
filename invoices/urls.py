"""Addresses of the dashboard, sales, purchases and contractors of one company."""

from django.urls import path

from invoices.views import (
    approval,
    bulk,
    conflicts,
    contractors,
    dashboard,
    documents,
    downloads,
    drafts,
    inbox,
    listing,
    queue,
    register,
)

dashboard_urls = [
    path("", dashboard.show, name="dashboard"),
]

invoice_urls = [
    path("", listing.index, name="index"),
    path("nowa/", drafts.new, name="new"),
    path("sumy/", drafts.totals, name="totals"),
    path("zatwierdz/", bulk.approve, name="approve_many"),
    path("wyslij/", bulk.send, name="send_many"),
    path("pobierz/", downloads.download_many, name="download_many"),
    path("kolejka/", queue.show, name="queue"),
    path("kolejka/stan/", queue.state, name="queue_state"),
    path("kolejka/upo/<uuid:page_id>/", queue.session_upo, name="session_upo"),
    path("<uuid:invoice_id>/", documents.show, name="show"),
    path("<uuid:invoice_id>/stan/", documents.status, name="status"),
    path("<uuid:invoice_id>/edycja/", drafts.edit, name="edit"),
    path("<uuid:invoice_id>/kopia/", drafts.duplicate, name="duplicate"),
    path("<uuid:invoice_id>/korekta/", drafts.correct, name="correct"),
    path("<uuid:invoice_id>/usun/", drafts.delete, name="delete"),
    path("<uuid:invoice_id>/zatwierdz/", approval.approve, name="approve"),
    path("<uuid:invoice_id>/wyslij/", approval.send, name="send"),
    path("<uuid:invoice_id>/offline/", approval.issue_offline, name="issue_offline"),
    path("<uuid:invoice_id>/poprawka-techniczna/", approval.correct_technically, name="correct_technically"),
    path("<uuid:invoice_id>/cofnij/", approval.recall, name="recall"),
    path("<uuid:invoice_id>/popraw/", approval.reopen, name="reopen"),
    path("<uuid:invoice_id>/konflikt/", conflicts.show, name="conflict"),
    path("<uuid:invoice_id>/konflikt/xml/", conflicts.xml, name="conflict_xml"),
    path("<uuid:invoice_id>/nowy-numer/", approval.renumber, name="renumber"),
    path("<uuid:invoice_id>/anuluj/", approval.cancel, name="cancel"),
    path("<uuid:invoice_id>/pdf/", documents.pdf, name="pdf"),
    path("<uuid:invoice_id>/pdf/offline/", documents.print_offline, name="print_offline"),
    path("<uuid:invoice_id>/xml/", documents.xml, name="xml"),
    path("<uuid:invoice_id>/upo/", documents.upo, name="upo"),
    path("<uuid:invoice_id>/upo/pdf/", documents.upo_pdf, name="upo_pdf"),
    path("<uuid:invoice_id>/upo/xml/", documents.upo_xml, name="upo_xml"),
]

contractor_urls = [
    path("", contractors.index, name="index"),
    path("nowy/", contractors.new, name="new"),
    path("<uuid:contractor_id>/", contractors.edit, name="edit"),
    path("<uuid:contractor_id>/usun/", contractors.delete, name="delete"),
]

inbox_urls = [
    path("", inbox.index, name="index"),
    path("pobierz/", inbox.fetch, name="fetch"),
    path("przenies/", inbox.move, name="move"),
    path("<uuid:document_id>/", inbox.show, name="show"),
    path("<uuid:document_id>/xml/", inbox.xml, name="xml"),
    path("<uuid:document_id>/rejestr/", inbox.post_to_register, name="post"),
]

register_urls = [
    path("", register.index, name="index"),
    path("csv/", register.export, name="export"),
]

purchase_urls = [
    path("", register.purchases, name="index"),
    path("<uuid:purchase_id>/", register.purchase, name="show"),
]
