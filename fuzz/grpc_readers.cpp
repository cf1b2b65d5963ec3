// Messages of gRPC, as the service takes them: counted before they are parsed, then read.
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <climits>
#include <utility>

#include "fuzz/as_service.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "serve/failure.h"
#include "serve/grpc/inference_messages.h"
#include "serve/grpc/upload_buffer.h"
#include "serve/grpc/wire_guard.h"

namespace obscura::fuzz {
namespace {

namespace front = serve::grpc_front;

/// 4,096 fields at most become objects of some hundred bytes.
constexpr MemoryBound kMemory{256, std::size_t{1} << 20};

template <class Message>
Message parsed(ByteSpan in) {
  google::protobuf::LogSilencer silent;  // else it says of every text that is no UTF-8 that it is none
  const int size = static_cast<int>(std::min<std::size_t>(in.size(), INT_MAX));
  google::protobuf::io::ArrayInputStream stream(in.data(), size);
  if (!front::has_few_fields(stream, *Message::descriptor())) throw Refused("fields");
  Message message;
  if (!message.ParseFromArray(in.data(), size)) throw Refused("no message");
  return message;
}

Bytes serialised(const google::protobuf::Message& message) {
  return bytes_of(message.SerializeAsString());
}

}  // namespace

Reader grpc_infer_reader() {
  ::inference::ModelInferRequest bare;
  bare.set_model_name("m");
  bare.set_id("7");
  auto* input = bare.add_inputs();
  input->set_name("query");
  input->set_datatype("BYTES");
  input->add_shape(1);
  ::inference::ModelInferRequest raw = bare;
  input->mutable_contents()->add_bytes_contents("abcd");
  (*bare.mutable_parameters())["timeout"].set_int64_param(5);
  raw.add_raw_input_contents(std::string("\x04\0\0\0abcd", 8));
  raw.add_outputs()->set_name("answer");
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto message = parsed<::inference::ModelInferRequest>(in);
    as_service([&] {
      const auto read = front::read_request(message);
      ::inference::ModelInferResponse reply;
      front::write_reply({"m", "v", read.request.id, {{"answer", "BYTES", {1}, {bytes_of("abc")}}}}, read.form, reply);
    });
    return nothing();
  };
  return {"grpc_infer", {serialised(bare), serialised(raw)}, rewrite, kFormat, Seal::none, kMemory, 1024};
}

Reader grpc_upload_reader() {
  v1::KeyChunk chunk;
  chunk.set_hash(std::string(64, 'a'));
  chunk.set_total(9);
  chunk.set_data("abcd");
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto message = parsed<v1::KeyChunk>(in);
    as_service([&] {
      front::UploadBuffer buffer(message);
      buffer.check(message);
      for (int i = 0; i < 2 && buffer.has_room(message); ++i) buffer.add(message);
      buffer.take();
    });
    return nothing();
  };
  return {"grpc_upload", {serialised(chunk)}, rewrite, kFormat, Seal::none, kMemory, 1024};
}

}  // namespace obscura::fuzz
