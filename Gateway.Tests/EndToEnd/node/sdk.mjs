// The usual calls of an app that uses the official openai package; prints what it got as JSON.
// Reads OPENAI_BASE_URL and OPENAI_API_KEY, as the package itself does.
import OpenAI from 'openai';

// What fails upstream fails on a channel of its own: one that names a wait gets no call until it is over.
const { MODEL: model, FAILING_MODEL: failing } = process.env;
const client = new OpenAI({ maxRetries: 0 });
const say = (content) => ({ model, messages: [{ role: 'user', content }] });
const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, type: error.type, requestId: error.requestID };
  }
}

async function stream(script, options = {}) {
  const result = { text: '', arguments: '', finish: null, usage: null, nullUsages: 0 };
  for await (const chunk of await client.chat.completions.create({ ...say(script), stream: true, ...options })) {
    const choice = chunk.choices[0];
    result.text += choice?.delta.content ?? '';
    result.arguments += choice?.delta.tool_calls?.[0].function.arguments ?? '';
    result.finish = choice?.finish_reason ?? result.finish;
    result.usage = chunk.usage ?? result.usage;
    result.nullUsages += chunk.usage === null ? 1 : 0;
  }
  return result;
}

const chat = await client.chat.completions.create(say('fake:count=3'));
const toolCall = await client.chat.completions.create({ ...say('fake:mode=tools'), tools });
const once = () => client.chat.completions.create(say('fake:count=4'), { headers: { 'Idempotency-Key': 'node-once' } });
const first = await once();
const models = [];
for await (const item of client.models.list()) models.push(item.id);

console.log(JSON.stringify({
  chat: { text: chat.choices[0].message.content, usage: chat.usage, requestId: chat._request_id },
  repeated: (await once()).usage.cost === first.usage.cost && (await once().withResponse()).response.headers.get('idempotent-replayed'),
  tools: toolCall.choices[0].message.tool_calls[0].function,
  stream: await stream('fake:count=5'),
  streamWithUsage: await stream('fake:count=5', { stream_options: { include_usage: true } }),
  streamTools: await stream('fake:mode=tools', { tools }),
  models,
  model: (await client.models.retrieve(model)).id,
  upstreamDown: await failure(() => client.chat.completions.create({ ...say('fake:status=500'), model: failing })),
  badSchema: await failure(() => client.chat.completions.create(say('fake:status=400'))),
  broken: await failure(() => stream('fake:mode=break;count=3', { model: failing })),
  rateLimited: await failure(() => client.chat.completions.create({ ...say('fake:status=429;retry=7'), model: failing })),
  unknownModel: await failure(() => client.chat.completions.create({ ...say('hi'), model: 'fake/none' })),
  invalidKey: await failure(() => new OpenAI({ apiKey: 'tw_wrong', maxRetries: 0 }).chat.completions.create(say('hi'))),
}));
