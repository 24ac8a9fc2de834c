-- What a source thought of an answer: one score for each call and source. score: millionths.
create table score (
  id bigint generated always as identity primary key,
  workspace text not null,
  receipt uuid not null,
  key_id text not null,
  rule_id text,
  tag text not null,
  strength text,
  arm text not null check (arm in ('treated', 'control', 'paused', 'none')),
  source text not null,
  score integer not null check (score between 0 and 1000000),
  note text,
  created_at timestamptz not null,
  unique (receipt, source)
);
create index score_of_workspace on score (workspace, id);
select grant_gateway('score', 'select, insert');

-- The watchdog's detectors. state: all that one knows; summary: what others need to know of it. Its row is locked before the scores that
-- feed it are inserted, and before the resource version moves.
create table detector (
  id text collate "C" primary key,
  workspace text not null,
  rule_id text not null,
  tag text not null,
  strength text not null,
  state bytea,
  summary bytea,
  version bigint not null,
  updated_at timestamptz not null
) with (fillfactor = 50);
create index detector_of_workspace on detector (workspace, id);
select grant_gateway('detector', 'select, insert, update (state, summary, version, updated_at)');
