update front_key set day = @day, open = @open, request_clock = @request_clock, token_clock = @token_clock, spent = @spent, held = @held
where account = @account and key_id = @key;
