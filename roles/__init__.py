"""The security kernel: tenancy, roles, rights, audit, secrets at rest."""
