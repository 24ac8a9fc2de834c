select cast(day as text) as "Day", cast(chains as text) as "Chains", cast(previous as blob) as "Previous", cast(root as blob) as "Root",
  cast(signature as blob) as "Signature", cast(key_id as text) as "KeyId", cast(at as integer) as "At"
from daily_root
order by day desc
limit 1;
