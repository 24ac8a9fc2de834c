update bucket
set credited = moved.credited, spent = moved.spent, posted = moved.posted, version = moved.version, credit_version = moved.credit_version
from unnest(@nos, @credited, @spent, @posted, @versions, @creditVersions) as moved (no, credited, spent, posted, version, credit_version)
where bucket.no = moved.no;
