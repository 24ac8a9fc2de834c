select outcome as "Outcome", currency as "Currency", count(*) as "Calls",
  sum(case when delivery = 'refunded' then 0 else cost end)::bigint as "Cost",
  sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,inputTokens}')::bigint)::bigint as "Input",
  sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,cachedInputTokens}')::bigint)::bigint as "CachedInput",
  sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,cacheWriteTokens}')::bigint)::bigint as "CacheWrite",
  sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,outputTokens}')::bigint)::bigint as "Output",
  sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,reasoningTokens}')::bigint)::bigint as "Reasoning",
  coalesce(sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,images}')::bigint), 0)::bigint as "Images",
  coalesce(sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,audioSeconds}')::numeric * 1000), 0)::bigint as "AudioMilliseconds",
  coalesce(sum((convert_from(body, 'UTF8')::jsonb #>> '{usage,characters}')::bigint), 0)::bigint as "Characters",
  coalesce(sum(jsonb_array_length(convert_from(body, 'UTF8')::jsonb -> 'attempts')), 0)::bigint as "Attempts",
  count(*) filter (where (convert_from(body, 'UTF8')::jsonb ->> 'fallbackUsed')::boolean) as "Fallbacks",
  min(occurred_at) as "StartedAt", max(settled_at) as "EndedAt"
from receipt
where run_id = @RunId and (@Workspace::text is null or workspace = @Workspace) and (@KeyId::text is null or key_id = @KeyId)
  and id <> all (@except)
group by outcome, currency
order by outcome, currency;
