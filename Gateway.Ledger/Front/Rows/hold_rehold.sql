update front_hold set request = @request, amount = @amount, split = @split, rates = @rates, checkpoint = @checkpoint where receipt = @receipt;
