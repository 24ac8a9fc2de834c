-- The id is drawn under the chain's lock: within a chain, ids rise with the numbers.
with tail as materialized (
  select number, hash, at from chain where name = @chain for update
)
select nextval('block_id'), number, hash, (extract(epoch from at) * 1000000)::bigint
from tail;
