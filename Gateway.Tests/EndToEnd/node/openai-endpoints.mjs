// The calls beyond chat of an app that uses the official openai package; prints what it got as JSON.
import OpenAI, { toFile } from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const { BASE_URL: baseURL, KEY: apiKey, POOR_KEY: poorKey, MODEL: model, FAILING_MODEL: failing } = process.env;
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const weather = { type: 'function', name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }, strict: true };

async function failure(call) {
  try {
    await call();
    return null;
  } catch (error) {
    return { class: error.constructor.name, status: error.status, code: error.code };
  }
}

async function completionStream() {
  const result = { text: '', usage: null };
  for await (const chunk of await client.completions.create({ model: process.env.COMPLETION_MODEL, prompt: 'fake:count=5', stream: true, stream_options: { include_usage: true } })) {
    result.text += chunk.choices[0]?.text ?? '';
    result.usage = chunk.usage ?? result.usage;
  }
  return result;
}

async function responseStream(input, options = {}) {
  const stream = client.responses.stream({ model, input, ...options });
  const types = [];
  for await (const event of stream) types.push(event.type);
  const final = await stream.finalResponse();
  return { text: final.output_text, arguments: final.output[0].arguments ?? null, usage: final.usage, last: types.at(-1), deltas: types.filter((type) => type.endsWith('.delta')).length };
}

const completion = await client.completions.create({ model: process.env.COMPLETION_MODEL, prompt: 'fake:count=3' });
const { data: response, response: http } = await client.responses.create({ model, input: 'fake:count=3', instructions: 'Be brief.' }).withResponse();
const tools = await client.responses.create({ model, input: 'fake:mode=tools', tools: [weather] });
const parsed = await client.responses.parse({ model, input: 'fake:mode=json', text: { format: zodTextFormat(z.object({ city: z.string() }), 'place') } });
const embedding = await client.embeddings.create({ model: process.env.EMBEDDING_MODEL, input: ['fake:', 'b'], dimensions: 8 });
const floats = await client.embeddings.create({ model: process.env.EMBEDDING_MODEL, input: 'fake:', encoding_format: 'float' });
const image = await client.images.generate({ model: process.env.IMAGE_MODEL, prompt: 'fake:', n: 2, size: '1024x1024' });
const speech = await client.audio.speech.create({ model: process.env.SPEECH_MODEL, input: 'fake: Hello.', voice: 'alloy' });
const audio = () => toFile(Buffer.alloc(32044, 1), 'speech.mp3', { type: 'audio/mpeg' });
const transcription = await client.audio.transcriptions.create({ model: process.env.TRANSCRIPTION_MODEL, file: await audio() });
const moderation = await client.moderations.create({ model: process.env.MODERATION_MODEL, input: 'fake:' });

console.log(JSON.stringify({
  completion: { text: completion.choices[0].text, usage: completion.usage },
  completionStream: await completionStream(),
  response: { text: response.output_text, id: response.id, usage: response.usage, receipt: http.headers.get('x-gateway-receipt') },
  responseTools: tools.output[0].arguments,
  responseObject: parsed.output_parsed,
  responseStream: await responseStream('fake:count=5'),
  responseStreamTools: await responseStream('fake:mode=tools', { tools: [weather] }),
  responseBroken: await failure(() => responseStream('fake:mode=break;count=3', { model: failing })),
  embedding: { vectors: embedding.data.map((item) => item.embedding), usage: embedding.usage },
  floats: floats.data[0].embedding,
  images: image.data.map((item) => item.b64_json.length),
  speech: { bytes: (await speech.arrayBuffer()).byteLength, type: speech.headers.get('content-type'), receipt: speech.headers.get('x-gateway-receipt') },
  transcription: transcription.text,
  moderation: { flagged: moderation.results[0].flagged, receipt: moderation._request_id },
  responseUnknownModel: await failure(() => client.responses.create({ model: 'fake/none', input: 'hi' })),
  responsePoor: await failure(() => new OpenAI({ baseURL, apiKey: poorKey, maxRetries: 0 }).responses.create({ model, input: 'hi' })),
  embeddingInvalidKey: await failure(() => new OpenAI({ baseURL, apiKey: 'tw_wrong', maxRetries: 0 }).embeddings.create({ model, input: 'hi' })),
  embeddingOfChat: await failure(() => client.embeddings.create({ model, input: 'hi' })),
  responseDown: await failure(() => client.responses.create({ model: failing, input: 'fake:status=500' })),
  imageRefused: await failure(() => client.images.generate({ model: process.env.IMAGE_MODEL, prompt: 'fake:status=400' })),
}));
