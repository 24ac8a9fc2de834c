// The usual chat calls of an app that uses LangChain.js; prints what it got as JSON.
import { HumanMessage, SystemMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';

const { BASE_URL: baseURL, KEY, POOR_KEY: poorKey, MODEL, FAILING_MODEL: failing } = process.env;
const chat = ({ apiKey = KEY, model = MODEL, ...options } = {}) => new ChatOpenAI({ model, apiKey, maxRetries: 0, configuration: { baseURL }, ...options });
const weather = tool(() => 'sunny', { name: 'weather', description: 'The weather.', schema: z.object({ city: z.string() }) });

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code, kind: error.lc_error_code ?? null };
  }
}

async function stream(model, prompt) {
  let whole;
  for await (const chunk of await model.stream(prompt)) whole = whole ? whole.concat(chunk) : chunk;
  return { text: whole.content, finish: whole.response_metadata.finish_reason, usage: whole.usage_metadata, args: whole.tool_calls[0]?.args ?? null };
}

const plain = await chat().invoke([new SystemMessage('Be brief.'), new HumanMessage('fake:count=3')]);
const chain = ChatPromptTemplate.fromTemplate('fake:count={count}').pipe(chat()).pipe(new StringOutputParser());
console.log(JSON.stringify({
  chat: { text: plain.content, finish: plain.response_metadata.finish_reason, usage: plain.usage_metadata },
  chain: await chain.invoke({ count: 4 }),
  batch: (await chat().batch(['fake:count=1', 'fake:count=2'])).map((message) => message.content),
  tools: (await chat().bindTools([weather]).invoke('fake:mode=tools')).tool_calls[0].args,
  object: await chat().withStructuredOutput(z.object({ city: z.string() }), { method: 'jsonSchema', name: 'place' }).invoke('fake:mode=json'),
  stream: await stream(chat(), 'fake:count=5'),
  streamTools: await stream(chat().bindTools([weather]), 'fake:mode=tools'),
  retried: (await chat({ maxRetries: 1 }).invoke('fake:id=langchain-retry;count=3;status=429;retry=1;fails=1')).content,
  broken: await failure(() => stream(chat({ model: failing }), 'fake:mode=break;count=3')),
  invalidKey: await failure(() => chat({ apiKey: 'tw_wrong' }).invoke('hi')),
  poor: await failure(() => chat({ apiKey: poorKey }).invoke('hi')),
  unknownModel: await failure(() => chat({ model: 'fake/none' }).invoke('hi')),
  badSchema: await failure(() => chat().invoke('fake:status=400')),
  upstreamDown: await failure(() => chat({ model: failing }).invoke('fake:status=500')),
}));
