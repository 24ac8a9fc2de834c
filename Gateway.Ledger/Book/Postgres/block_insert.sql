with ends as (
  update chain
  set number = @number, hash = @hash, at = timestamptz 'epoch' + @at * interval '1 microsecond'
  where name = @chain
)
insert into block (id, chain, number, previous, hash, signature, key_id, rows, at)
values (@id, @chain, @number, @previous, @hash, @signature, @keyId, @rows, timestamptz 'epoch' + @at * interval '1 microsecond');
