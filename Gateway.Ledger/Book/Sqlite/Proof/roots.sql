select day as "Day", chains as "Chains", previous as "Previous", root as "Root", signature as "Signature", key_id as "KeyId", at as "At"
from daily_root
order by day;
