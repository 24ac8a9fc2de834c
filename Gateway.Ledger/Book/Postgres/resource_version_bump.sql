update resource_version
set version = version + 1;
