-- Gateways follow what was written of some kinds: the audit log is their log of changes.
create index audit_of_kind on audit (kind, id);
