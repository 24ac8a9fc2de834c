select posted
from bucket
where account = @account and id = @bucket;
