select account from front_account
where epoch = @epoch and account > @after
order by account limit @most;
