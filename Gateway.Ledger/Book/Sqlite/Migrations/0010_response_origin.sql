-- Who made an answer that its provider keeps under an id, so that the next call with this id goes to the same account.
create table response_origin (
  workspace text not null,
  response_id text not null,
  channel text not null,
  upstream_model text not null,
  created_at integer not null,
  expires_at integer not null,
  primary key (workspace, response_id)
) without rowid;
create index response_origin_expires on response_origin (expires_at);
