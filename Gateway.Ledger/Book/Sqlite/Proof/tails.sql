select block.chain as "Chain", block.number as "Number", block.hash as "Hash", block.at as "At"
from (select chain, max(number) as number from block where at < @before group by chain) as last
join block on block.chain = last.chain and block.number = last.number
order by block.chain;
