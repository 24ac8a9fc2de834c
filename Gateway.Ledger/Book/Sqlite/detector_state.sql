select state
from detector
where id = @id;
