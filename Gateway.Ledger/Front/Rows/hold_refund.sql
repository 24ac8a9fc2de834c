update front_hold set charged = @charged, shortfall = @shortfall, paid_by = @paid_by, balance = @balance where receipt = @receipt;
