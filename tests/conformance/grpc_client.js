// A client of the two .proto files: @grpc/grpc-js, no code of Obscura.
// usage: TOKEN=... node grpc_client.js ADDRESS PROTO_FOLDER KEY_FILE KEY_HASH QUERY_FILE ANSWER_FILE
'use strict';
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, folder, keyFile, hash, queryFile, answerFile] = process.argv.slice(2);
const files = ['inference.proto', 'obscura.proto'].map((name) => path.join(folder, name));
const options = { keepCase: true, longs: Number, defaults: true, enums: String };
const packages = grpc.loadPackageDefinition(loader.loadSync(files, options));
const plain = grpc.credentials.createInsecure();
const inference = new packages.inference.GRPCInferenceService(address, plain);
const keyService = new packages.obscura.v1.Keys(address, plain);
const keys = fs.readFileSync(keyFile);
const query = fs.readFileSync(queryFile);

function shown() {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'Bearer ' + process.env.TOKEN);
  return metadata;
}

function call(stub, name, request, metadata = new grpc.Metadata()) {
  return new Promise((resolve, reject) => {
    stub[name](request, metadata, (error, reply) => (error ? reject(error) : resolve(reply)));
  });
}

function inferRequest() {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(query.length);
  return {
    model_name: 'mnist',
    id: '42',
    inputs: [{ name: 'query', datatype: 'BYTES', shape: [1] }],
    raw_input_contents: [Buffer.concat([length, query])],
  };
}

function upload(from, to) {
  return new Promise((resolve, reject) => {
    const stream = keyService.Upload(shown(), (error, reply) => (error ? reject(error) : resolve(reply)));
    stream.on('error', () => {});
    stream.write({ hash, total: keys.length });
    for (let offset = from; offset < to; offset += 65536) {
      stream.write({ offset, data: keys.subarray(offset, Math.min(to, offset + 65536)) });
    }
    stream.end();
  });
}

async function main() {
  assert((await call(inference, 'ServerLive', {})).live);
  assert((await call(inference, 'ServerReady', {})).ready);
  assert((await call(inference, 'ModelReady', { name: 'mnist' })).ready);
  assert.strictEqual((await call(inference, 'ServerMetadata', {})).name, 'obscura');
  await assert.rejects(call(inference, 'ModelMetadata', { name: 'mnist' }), { code: grpc.status.UNAUTHENTICATED });
  const metadata = await call(inference, 'ModelMetadata', { name: 'mnist' }, shown());
  assert(Number(metadata.properties.max_query_bytes) >= query.length);

  const unknown = await call(inference, 'ModelInfer', inferRequest(), shown()).catch((error) => error);
  assert.strictEqual(unknown.code, grpc.status.FAILED_PRECONDITION);
  assert.deepStrictEqual(unknown.metadata.get('obscura-code'), ['keys_unknown']);

  const half = await upload(0, Math.floor(keys.length / 2));
  assert.strictEqual(half.state, 'KEY_STATE_PARTIAL');
  const there = await call(keyService, 'Status', { hash }, shown());
  assert.strictEqual(there.bytes, half.bytes);
  assert.strictEqual((await upload(there.bytes, keys.length)).state, 'KEY_STATE_READY');

  const reply = await call(inference, 'ModelInfer', inferRequest(), shown());
  assert.strictEqual(reply.id, '42');
  const raw = reply.raw_output_contents[0];
  assert.strictEqual(raw.readUInt32LE(0), raw.length - 4);
  fs.writeFileSync(answerFile, raw.subarray(4));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  }
);
