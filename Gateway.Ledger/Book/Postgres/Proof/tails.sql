-- From name to name and from each chain's end back: a look costs as much as there are chains, not blocks.
with recursive name (chain) as (
  select min(chain) from block
  union all
  select (select min(block.chain) from block where block.chain > name.chain) from name where name.chain is not null
)
select block.chain as "Chain", block.number as "Number", block.hash as "Hash", (extract(epoch from block.at) * 1000000)::bigint as "At"
from name
join block on block.chain = name.chain
  and block.number = (
    select last.number
    from block as last
    where last.chain = name.chain and (extract(epoch from last.at) * 1000000)::bigint < @before
    order by last.number desc
    limit 1
  );
