update front_state
set epoch = @epoch, front = @front, phase = @phase, life = @life, changed_at = now()
where epoch = @fromEpoch and front = @fromFront and phase = @fromPhase;
