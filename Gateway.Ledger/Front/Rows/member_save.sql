update front_member set day = @day, spent = @spent, held = @held where account = @account and member_id = @member;
