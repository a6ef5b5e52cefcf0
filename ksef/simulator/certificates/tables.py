"""Tables of certificates and their enrolments."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS certificates (
    id INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
    subject_type TEXT NOT NULL, subject TEXT NOT NULL, common_name TEXT NOT NULL, content BLOB NOT NULL,
    key_hash TEXT NOT NULL, requested_at INTEGER NOT NULL, ready_at INTEGER NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, used_at INTEGER,
    revoked_at INTEGER, ended_at INTEGER, reason TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS certificates_by_subject ON certificates (subject_type, subject);
CREATE INDEX IF NOT EXISTS certificates_by_key ON certificates (key_hash);
CREATE TABLE IF NOT EXISTS enrollments (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, subject_type TEXT NOT NULL, subject TEXT NOT NULL,
    requested_at INTEGER NOT NULL, ready_at INTEGER NOT NULL, code INTEGER NOT NULL, detail TEXT NOT NULL,
    serial TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS enrollments_by_subject ON enrollments (subject_type, subject);
"""
