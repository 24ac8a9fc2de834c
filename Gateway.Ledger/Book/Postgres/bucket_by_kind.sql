select id
from bucket
where account = @account and kind = @kind and currency = @currency;
