select 'bucket ' || id || ' of ' || account || ' has ' || posted || ' nano-credits: ' || credited || ' credited less ' || spent || ' spent'
from bucket
where kind in ('pack', 'credit', 'wallet') and (posted < 0 or posted <> credited - spent);
