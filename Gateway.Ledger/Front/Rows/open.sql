-- An epoch only rises.
insert into front_opened (one, epoch) values (true, @epoch)
on conflict (one) do update set epoch = excluded.epoch where front_opened.epoch <= excluded.epoch;
