select outcome as "Outcome", currency as "Currency", count(*) as "Calls",
  sum(case when delivery = 'refunded' then 0 else cost end) as "Cost",
  sum(json_extract(cast(body as text), '$.usage.inputTokens')) as "Input",
  sum(json_extract(cast(body as text), '$.usage.cachedInputTokens')) as "CachedInput",
  sum(json_extract(cast(body as text), '$.usage.cacheWriteTokens')) as "CacheWrite",
  sum(json_extract(cast(body as text), '$.usage.outputTokens')) as "Output",
  sum(json_extract(cast(body as text), '$.usage.reasoningTokens')) as "Reasoning",
  coalesce(sum(json_extract(cast(body as text), '$.usage.images')), 0) as "Images",
  coalesce(sum(cast(round(json_extract(cast(body as text), '$.usage.audioSeconds') * 1000) as integer)), 0) as "AudioMilliseconds",
  coalesce(sum(json_extract(cast(body as text), '$.usage.characters')), 0) as "Characters",
  coalesce(sum(json_array_length(cast(body as text), '$.attempts')), 0) as "Attempts",
  coalesce(sum(json_extract(cast(body as text), '$.fallbackUsed')), 0) as "Fallbacks",
  min(occurred_at) as "StartedAt", max(settled_at) as "EndedAt"
from receipt
where run_id = @RunId and (@Workspace is null or workspace = @Workspace) and (@KeyId is null or key_id = @KeyId)
  and hex(id) not in (select value from json_each(@except))
group by outcome, currency
order by outcome, currency;
