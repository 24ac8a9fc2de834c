-- What a source thought of an answer: one score for each call and source. score: millionths.
create table score (
  id integer primary key,
  workspace text not null,
  receipt blob not null,
  key_id text not null,
  rule_id text,
  tag text not null,
  strength text,
  arm text not null check (arm in ('treated', 'control', 'paused', 'none')),
  source text not null,
  score integer not null check (score between 0 and 1000000),
  note text,
  created_at integer not null,
  unique (receipt, source)
);
create index score_of_workspace on score (workspace, id);

-- The watchdog's detectors. state: all that one knows; summary: what others need to know of it.
create table detector (
  id text primary key,
  workspace text not null,
  rule_id text not null,
  tag text not null,
  strength text not null,
  state blob,
  summary blob,
  version integer not null,
  updated_at integer not null
) without rowid;
create index detector_of_workspace on detector (workspace, id);
