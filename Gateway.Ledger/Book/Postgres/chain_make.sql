insert into chain (name, number, hash, at)
values (@chain, 0, @hash, 'epoch')
on conflict do nothing;
