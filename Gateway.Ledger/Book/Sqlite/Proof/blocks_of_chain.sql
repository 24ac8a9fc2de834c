select cast(id as integer) as "Id", cast(chain as text) as "Chain", cast(number as integer) as "Number", cast(previous as blob) as "Previous",
  cast(hash as blob) as "Hash", cast(signature as blob) as "Signature", cast(key_id as text) as "KeyId", cast(rows as integer) as "Rows", cast(at as integer) as "At"
from block
where chain = @chain and number > @after
order by number
limit @limit;
