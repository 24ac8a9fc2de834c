select version
from resource_version;
