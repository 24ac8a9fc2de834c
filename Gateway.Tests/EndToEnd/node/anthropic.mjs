// The usual calls of an app that uses the official Anthropic package, and the Vercel AI SDK's Anthropic provider; prints what it got as JSON.
import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, streamText, tool } from 'ai';
import { z } from 'zod';

globalThis.AI_SDK_LOG_WARNINGS = false;
const { ROOT_URL: rootURL, BASE_URL: baseURL, KEY: apiKey, POOR_KEY: poorKey, MODEL: model, FAILING_MODEL: failing } = process.env;
const client = new Anthropic({ baseURL: rootURL, apiKey, maxRetries: 0 });
const say = (content, options = {}) => ({ model, max_tokens: 100, messages: [{ role: 'user', content }], ...options });
const tools = [{ name: 'weather', description: 'The weather.', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }];

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status ?? null, type: error.error?.error?.type ?? null };
  }
}

async function stream(script, options = {}) {
  const deltas = [];
  const types = [];
  const running = client.messages.stream(say(script, options));
  running.on('text', (delta) => deltas.push(delta));
  running.on('streamEvent', (event) => types.push(event.type));
  const message = await running.finalMessage();
  return { text: deltas.join(''), deltas: deltas.length, stop: message.stop_reason, usage: message.usage, input: message.content.at(-1).input ?? null, first: types[0], last: types.at(-1) };
}

async function vercel() {
  const provider = createAnthropic({ baseURL, apiKey });
  const weather = tool({ description: 'The weather.', inputSchema: z.object({ city: z.string() }) });
  const chat = await generateText({ model: provider(model), prompt: 'fake:count=3', maxRetries: 0 });
  const called = await generateText({ model: provider(model), prompt: 'fake:mode=tools', tools: { weather }, maxRetries: 0 });
  const streamed = streamText({ model: provider(model), prompt: 'fake:count=5', maxRetries: 0 });
  return { text: chat.text, finish: chat.finishReason, usage: chat.usage, input: called.toolCalls[0].input, stream: await streamed.text, streamUsage: await streamed.totalUsage };
}

const { data: message, response } = await client.messages.create(say('fake:count=3', { system: 'Be brief.' })).withResponse();
const toolUse = await client.messages.create(say('fake:mode=tools', { tools }));
console.log(JSON.stringify({
  message: { type: message.type, role: message.role, text: message.content[0].text, stop: message.stop_reason, usage: message.usage, receipt: response.headers.get('x-gateway-receipt') },
  tools: { stop: toolUse.stop_reason, input: toolUse.content.at(-1).input },
  stream: await stream('fake:count=5'),
  streamTools: await stream('fake:mode=tools', { tools }),
  counted: (await client.messages.countTokens({ model, messages: [{ role: 'user', content: 'Hello, Claude' }] })).input_tokens,
  broken: await failure(() => stream('fake:mode=break;count=3', { model: failing })),
  invalidKey: await failure(() => new Anthropic({ baseURL: rootURL, apiKey: 'tw_wrong', maxRetries: 0 }).messages.create(say('hi'))),
  poor: await failure(() => new Anthropic({ baseURL: rootURL, apiKey: poorKey, maxRetries: 0 }).messages.create(say('hi'))),
  unknownModel: await failure(() => client.messages.create(say('hi', { model: 'fake/none' }))),
  upstreamDown: await failure(() => client.messages.create(say('fake:status=500', { model: failing }))),
  vercel: await vercel(),
}));
