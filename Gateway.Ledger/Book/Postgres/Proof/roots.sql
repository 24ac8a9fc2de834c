select day as "Day", chains as "Chains", previous as "Previous", root as "Root", signature as "Signature", key_id as "KeyId",
  (extract(epoch from at) * 1000000)::bigint as "At"
from daily_root
order by day;
