-- One posting at a time for an account: its bucket is made once and its Idempotency-Key is looked up before it is used.
select pg_advisory_xact_lock(hashtextextended(@account, 0));
