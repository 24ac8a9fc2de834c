select (select coalesce(max(id), 0) from block) as "LastId", tail.number as "Number", tail.hash as "Hash", tail.at as "At"
from (select 1) as one
left join (select number, hash, at from block where chain = @chain order by number desc limit 1) as tail on true;
