update front_account set buckets = @buckets where account = @account;
