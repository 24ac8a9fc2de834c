-- Part of hold and rehold: how much can be set aside, or why nothing can be: the budget first, then the allowance, then the buckets. Writes nothing.
-- ask: amount, least, budget, period, allowance (-1: no limit), pack, route, at; old: the hold that is replaced, whose amount is free already.
local function left(spending, limit, period, old)
  if limit < 0 then return nil end
  local rest = limit - spending.spent[period] - spending.held[period]
  if not old then return rest end
  -- A call that counts in a period that is over is not judged by the running one.
  if old.day < spending.begin[period] then return nil end
  return rest + old.amount
end

local function cover(account, key, member, ask, old)
  local amount = ask.amount
  if amount == 0 then return 0 end

  local budget = left(key, ask.budget, ask.period, old)
  if budget then
    if budget < ask.least then return nil, { 'budget', text(math.max(budget, 0)), text(key.day) } end
    amount = math.min(amount, budget)
  end

  local allowance = member and left(member, ask.allowance, 2, old)
  if allowance then
    if allowance < ask.least then return nil, { 'allowance', text(math.max(allowance, 0)), text(member.day) } end
    amount = math.min(amount, allowance)
  end

  local available, total = 0, 0
  for _, bucket in ipairs(account.list) do
    if pays(bucket, ask.pack, ask.route, ask.at) then
      available = available + posted(bucket) - bucket.held
      total = total + posted(bucket)
    end
  end
  amount = math.min(amount, available)
  if amount >= ask.least then return amount end
  if ask.least <= total then return nil, { 'reserved', text(available), text(total) } end
  return nil, { 'insufficient', text(available) }
end

-- Sets the amount aside in burn order, in the tables; returns the split.
local function setAside(account, ask, amount)
  local split = {}
  for _, bucket in ipairs(account.list) do
    local free = posted(bucket) - bucket.held
    if amount > 0 and free > 0 and pays(bucket, ask.pack, ask.route, ask.at) then
      local part = math.min(free, amount)
      bucket.held = bucket.held + part
      bucket.changed = true
      amount = amount - part
      split[#split + 1] = partText(bucket, part)
    end
  end
  return table.concat(split)
end
