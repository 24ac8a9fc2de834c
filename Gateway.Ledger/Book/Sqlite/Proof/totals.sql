select (select count(*) from block) as "Blocks", (select count(*) from receipt) as "Receipts", (select count(*) from entry) as "Entries",
  (select count(*) from bucket) as "Buckets", (select count(*) from posting) as "Postings", (select count(*) from daily_root) as "Roots";
