select id as "Id", chain as "Chain", number as "Number", previous as "Previous", hash as "Hash", signature as "Signature", key_id as "KeyId",
  rows::bigint as "Rows", (extract(epoch from at) * 1000000)::bigint as "At"
from block
where chain = @chain and number > @after
order by number
limit @limit;
