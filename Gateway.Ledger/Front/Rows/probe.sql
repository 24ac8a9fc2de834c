-- A failover to a replica begins a new timeline; a restart loses nothing and changes nothing.
select (select system_identifier from pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as life,
  (select epoch from front_opened) as epoch;
