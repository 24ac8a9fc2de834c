// The calls beyond chat of an app that uses the Vercel AI SDK with its OpenAI provider; prints what it got as JSON.
import { createOpenAI } from '@ai-sdk/openai';
import { embed, embedMany, experimental_generateSpeech as generateSpeech, experimental_transcribe as transcribe, generateImage, generateText, Output, streamText, tool } from 'ai';
import { z } from 'zod';

globalThis.AI_SDK_LOG_WARNINGS = false;
const openai = createOpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.KEY });
const model = openai.responses(process.env.MODEL);
const weather = tool({ description: 'The weather.', inputSchema: z.object({ city: z.string() }) });
const maxRetries = 0;

async function stream(prompt, options = {}) {
  const result = streamText({ model, prompt, maxRetries, ...options });
  return { text: await result.text, finish: await result.finishReason, usage: await result.totalUsage, inputs: (await result.toolCalls).map((call) => call.input) };
}

const response = await generateText({ model, prompt: 'fake:count=3', maxRetries });
const tools = await generateText({ model, prompt: 'fake:mode=tools', tools: { weather }, maxRetries });
const object = await generateText({ model, prompt: 'fake:mode=json', output: Output.object({ schema: z.object({ city: z.string() }) }), maxRetries });
const completion = await generateText({ model: openai.completion(process.env.COMPLETION_MODEL), prompt: 'fake:count=3', maxRetries });
const one = await embed({ model: openai.embedding(process.env.EMBEDDING_MODEL), value: 'fake:', maxRetries });
const many = await embedMany({ model: openai.embedding(process.env.EMBEDDING_MODEL), values: ['fake:', 'b'], maxRetries });
const { images } = await generateImage({ model: openai.image(process.env.IMAGE_MODEL), prompt: 'fake:', size: '1024x1024', maxRetries });
const speech = await generateSpeech({ model: openai.speech(process.env.SPEECH_MODEL), text: 'fake: Hello.', voice: 'alloy', maxRetries });
const transcript = await transcribe({ model: openai.transcription(process.env.TRANSCRIPTION_MODEL), audio: new Uint8Array(32044).fill(1), maxRetries });

console.log(JSON.stringify({
  response: { text: response.text, finish: response.finishReason, usage: response.usage },
  tools: tools.toolCalls[0].input,
  object: object.output,
  stream: await stream('fake:count=5'),
  streamTools: await stream('fake:mode=tools', { tools: { weather } }),
  completion: { text: completion.text, usage: completion.usage },
  embedding: { vector: one.embedding, tokens: one.usage.tokens },
  embeddings: many.embeddings.length,
  image: images[0].base64.length,
  speech: speech.audio.uint8Array.byteLength,
  transcript: transcript.text,
}));
