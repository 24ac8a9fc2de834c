update front_hold set lease_ends = @lease_ends, checkpoint = @checkpoint, delivered = coalesce(@delivered, delivered) where receipt = @receipt;
