// The usual chat calls of an app that uses the Vercel AI SDK, with its OpenAI provider and its provider for compatible APIs; prints what it got as JSON.
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

globalThis.AI_SDK_LOG_WARNINGS = false;
const { BASE_URL: baseURL, KEY: apiKey, POOR_KEY: poorKey, MODEL: name, FAILING_MODEL: failing } = process.env;
const weather = tool({ description: 'The weather.', inputSchema: z.object({ city: z.string() }) });

const providers = {
  openai: (key = apiKey) => createOpenAI({ baseURL, apiKey: key }).chat,
  compatible: (key = apiKey) => createOpenAICompatible({ name: 'gateway', baseURL, apiKey: key, includeUsage: true }),
};

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    const { statusCode, isRetryable, responseBody } = error;
    return { class: error.name, status: statusCode, code: JSON.parse(responseBody).error.code, message: error.message, retryable: isRetryable };
  }
}

async function stream(options) {
  const parts = { text: '', inputs: [], errors: [] };
  const result = streamText({ maxRetries: 0, onError: () => {}, ...options });
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') parts.text += part.text;
    if (part.type === 'tool-call') parts.inputs.push(part.input);
    if (part.type === 'error') parts.errors.push(part.error.message ?? part.error);
    if (part.type === 'finish') Object.assign(parts, { finish: part.finishReason, usage: part.totalUsage });
  }
  return parts;
}

async function calls(provider) {
  const model = provider()(name);
  const ask = (prompt, options = {}) => generateText({ model, prompt, maxRetries: 0, ...options });
  const chat = await ask('fake:count=3');
  const tools = await ask('fake:mode=tools', { tools: { weather } });
  const object = await ask('fake:mode=json', { output: Output.object({ schema: z.object({ city: z.string() }) }) });
  const steps = await ask('fake:mode=tools', { tools: { weather: { ...weather, execute: () => 'sunny' } }, stopWhen: stepCountIs(2) });
  return {
    chat: { text: chat.text, finish: chat.finishReason, usage: chat.usage, receipt: chat.response.headers['x-gateway-receipt'] },
    tools: { finish: tools.finishReason, input: tools.toolCalls[0].input },
    steps: steps.steps.length,
    object: object.output,
    stream: await stream({ model, prompt: 'fake:count=5' }),
    streamTools: await stream({ model, prompt: 'fake:mode=tools', tools: { weather } }),
    broken: await stream({ model: provider()(failing), prompt: 'fake:mode=break;count=3' }),
    invalidKey: await failure(() => ask('hi', { model: provider('tw_wrong')(name) })),
    poor: await failure(() => ask('hi', { model: provider(poorKey)(name) })),
    unknownModel: await failure(() => ask('hi', { model: provider()('fake/none') })),
    badSchema: await failure(() => ask('fake:status=400')),
    upstreamDown: await failure(() => ask('fake:status=500', { model: provider()(failing) })),
  };
}

const retried = await generateText({ model: providers.openai()(name), prompt: `fake:id=vercel-retry;count=3;status=429;retry=1;fails=1`, maxRetries: 1 });
const openai = await calls(providers.openai);
const compatible = await calls(providers.compatible);
console.log(JSON.stringify({ retried: retried.text, openai, compatible }));
