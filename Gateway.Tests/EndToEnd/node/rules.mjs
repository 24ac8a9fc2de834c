// Makes the calls of a file (CALLS: [{ key, body, times }]) with the official openai package, and prints what each time gave as JSON.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

async function once({ key, body }) {
  const client = new OpenAI({ apiKey: key, maxRetries: 0 });
  const { data, response } = await client.chat.completions.create(body).withResponse();
  const result = { text: '', finish: null, usage: null, receipt: response.headers.get('x-gateway-receipt'), cache: response.headers.get('x-gateway-cache') };
  if (!body.stream) return { ...result, text: data.choices[0].message.content, finish: data.choices[0].finish_reason, usage: data.usage };

  for await (const chunk of data) {
    result.text += chunk.choices[0]?.delta.content ?? '';
    result.finish = chunk.choices[0]?.finish_reason ?? result.finish;
    result.usage = chunk.usage ?? result.usage;
  }
  return result;
}

const results = [];
for (const call of JSON.parse(readFileSync(process.env.CALLS, 'utf8'))) {
  for (let time = 0; time < call.times; time++) results.push(await once(call));
}
console.log(JSON.stringify(results));
