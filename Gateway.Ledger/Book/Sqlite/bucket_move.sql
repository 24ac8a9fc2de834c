update bucket
set credited = @credited, spent = @spent, posted = @posted, version = @version, credit_version = @creditVersion
where no = @no;
