// The calls beyond chat of an app that uses LangChain.js; prints what it got as JSON.
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';

const { BASE_URL: baseURL, KEY: apiKey, MODEL: model } = process.env;
const options = { apiKey, maxRetries: 0, configuration: { baseURL } };
const responses = new ChatOpenAI({ model, useResponsesApi: true, ...options });
const embeddings = new OpenAIEmbeddings({ model: process.env.EMBEDDING_MODEL, ...options });
const weather = tool(() => 'sunny', { name: 'weather', description: 'The weather.', schema: z.object({ city: z.string() }) });

async function stream(model, prompt) {
  let whole;
  for await (const chunk of await model.stream(prompt)) whole = whole ? whole.concat(chunk) : chunk;
  return { text: whole.text, usage: whole.usage_metadata };
}

const response = await responses.invoke('fake:count=3');
console.log(JSON.stringify({
  response: { text: response.text, usage: response.usage_metadata },
  tools: (await responses.bindTools([weather]).invoke('fake:mode=tools')).tool_calls[0].args,
  stream: await stream(responses, 'fake:count=5'),
  completion: await new OpenAI({ model: process.env.COMPLETION_MODEL, ...options }).invoke('fake:count=3'),
  query: (await embeddings.embedQuery('fake:')).length,
  documents: (await embeddings.embedDocuments(['fake:', 'b'])).length,
}));
