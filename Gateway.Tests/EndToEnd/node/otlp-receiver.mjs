// An OTLP/HTTP receiver that decodes with OpenTelemetry's own generated code. It prints its address, then one line of JSON for each export. It ends when its standard input does.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

const root = createRequire(import.meta.url)('@opentelemetry/otlp-transformer/build/src/generated/root.js');
const { trace, metrics, logs } = root.opentelemetry.proto.collector;
const MOST_BYTES = 16 * 1024 * 1024;

const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');
const ticks = (value) => (value ?? 0).toString(); // nanoseconds do not fit a number
const whole = (value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value.toString());

// What is not set has its default on the prototype: only own members were sent.
const has = (message, name) => Object.hasOwn(message, name) && message[name] !== null;

function valueOf(any) {
  if (has(any, 'stringValue')) return any.stringValue;
  if (has(any, 'boolValue')) return any.boolValue;
  if (has(any, 'intValue')) return whole(any.intValue);
  if (has(any, 'doubleValue')) return any.doubleValue;
  if (has(any, 'arrayValue')) return any.arrayValue.values.map(valueOf);
  if (has(any, 'kvlistValue')) return attributesOf(any.kvlistValue.values);
  if (has(any, 'bytesValue')) return hex(any.bytesValue);
  return null;
}

function attributesOf(pairs) {
  const attributes = {};
  for (const { key, value } of pairs ?? []) {
    if (key in attributes) throw new Error(`the attribute ${key} comes twice`);
    attributes[key] = value ? valueOf(value) : null;
  }
  return attributes;
}

const spanOf = (span) => ({
  traceId: hex(span.traceId),
  spanId: hex(span.spanId),
  parentId: hex(span.parentSpanId),
  traceState: span.traceState ?? '',
  name: span.name,
  kind: ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'][span.kind],
  start: ticks(span.startTimeUnixNano),
  end: ticks(span.endTimeUnixNano),
  status: ['unset', 'ok', 'error'][span.status?.code ?? 0],
  statusMessage: span.status?.message ?? '',
  attributes: attributesOf(span.attributes),
  events: (span.events ?? []).map((event) => ({ name: event.name, attributes: attributesOf(event.attributes) })),
});

function pointOf(point) {
  const isHistogram = Array.isArray(point.bucketCounts) && point.bucketCounts.length > 0;
  return {
    attributes: attributesOf(point.attributes),
    value: has(point, 'asInt') ? Number(point.asInt) : has(point, 'asDouble') ? point.asDouble : 0,
    count: Number(point.count ?? 0),
    sum: point.sum ?? 0,
    bounds: isHistogram ? point.explicitBounds : [],
    buckets: isHistogram ? point.bucketCounts.map(Number) : [],
  };
}

function metricOf(metric) {
  const kind = ['gauge', 'sum', 'histogram', 'exponentialHistogram'].find((name) => has(metric, name));
  const data = metric[kind];
  return {
    name: metric.name,
    unit: metric.unit,
    kind,
    temporality: ['unspecified', 'delta', 'cumulative'][data.aggregationTemporality ?? 0],
    isMonotonic: data.isMonotonic ?? false,
    points: data.dataPoints.map(pointOf),
  };
}

const logOf = (record) => ({
  traceId: hex(record.traceId),
  spanId: hex(record.spanId),
  severity: record.severityNumber ?? 0,
  severityText: record.severityText ?? '',
  body: record.body ? valueOf(record.body) : null,
  attributes: attributesOf(record.attributes),
});

// Each: the request's message, its lists of resources and of scopes, and what a record of it becomes.
const signals = {
  '/v1/traces': [trace.v1.ExportTraceServiceRequest, 'resourceSpans', 'scopeSpans', 'spans', spanOf],
  '/v1/metrics': [metrics.v1.ExportMetricsServiceRequest, 'resourceMetrics', 'scopeMetrics', 'metrics', metricOf],
  '/v1/logs': [logs.v1.ExportLogsServiceRequest, 'resourceLogs', 'scopeLogs', 'logRecords', logOf],
};

function decode(path, body) {
  const [type, resources, scopes, records, convert] = signals[path];
  return type.decode(body)[resources].flatMap((resource) => {
    const attributes = attributesOf(resource.resource?.attributes);
    return resource[scopes].flatMap((scope) =>
      scope[records].map((record) => ({ resource: attributes, scope: scope.scope?.name ?? '', ...convert(record) })));
  });
}

async function read(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: MOST_BYTES }) : body;
}

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const server = createServer(async (request, response) => {
  try {
    if (request.method !== 'POST' || !(request.url in signals)) throw new Error(`no such route: ${request.method} ${request.url}`);
    if (request.headers['content-type'] !== 'application/x-protobuf') throw new Error(`not protobuf: ${request.headers['content-type']}`);
    const records = decode(request.url, await read(request));
    print({ signal: request.url.slice('/v1/'.length), records });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  } catch (error) {
    print({ signal: 'error', message: error.message });
    response.writeHead(400).end();
  }
});
server.listen(0, '127.0.0.1', () => print({ signal: 'listening', address: `http://127.0.0.1:${server.address().port}` }));
process.stdin.resume().on('end', () => process.exit(0));
