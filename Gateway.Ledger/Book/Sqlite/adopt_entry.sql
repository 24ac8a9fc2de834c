update entry
set block = @block
where account = @Account and bucket = @Bucket and currency = @Currency and version = @Version and block is null;
