// What clients send the service over HTTP, and what a server sends its client.
#include <utility>

#include "base/error.h"
#include "fuzz/as_service.h"
#include "fuzz/readers.h"
#include "fuzz/samples.h"
#include "remote/facts.h"
#include "remote/infer_body.h"
#include "remote/remote_error.h"
#include "serve/failure.h"
#include "serve/http/base64.h"
#include "serve/http/content_range.h"
#include "serve/http/framing.h"
#include "serve/http/infer_form.h"
#include "serve/http/json_text.h"
#include "serve/http/routes.h"
#include "serve/http/target.h"

namespace obscura::fuzz {
namespace {

constexpr MemoryBound kMemory{64, std::size_t{1} << 15};
/// JSON of short values, as nlohmann-json holds it: forty bytes and an allocation for "0,".
constexpr MemoryBound kJson{256, std::size_t{1} << 16};

template <class Work>
void as_client(Work work) {
  try {
    work();
  } catch (const remote::RemoteError& error) {
    throw Refused(error.what());
  }
}

/// "Name: value" a line; what stands before the first empty line. The rest is the body.
struct Split {
  serve::Headers headers;
  std::vector<serve::FieldView> fields;
  std::string_view head, body;
};
Split split(std::string_view text) {
  Split out;
  const std::size_t end = text.find("\r\n\r\n");
  out.head = text.substr(0, end);
  if (end != std::string_view::npos) out.body = text.substr(end + 4);
  for (std::size_t at = 0; at < out.head.size();) {
    const std::size_t stop = std::min(out.head.find("\r\n", at), out.head.size());
    const std::string_view line = out.head.substr(at, stop - at);
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    out.headers.add(std::string(name), std::string(value));
    out.fields.emplace_back(name, value);
    at = stop + 2;
  }
  return out;
}

}  // namespace

Reader http_target_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto target = serve::parse_target(text_of(in));
    for (const auto& part : target.path) {
      const bool plain = !part.empty() && part != "." && part != ".." && part.find('/') == std::string::npos &&
                         serve::is_plain_text(part);
      if (!plain) throw Fault("http_target: a part that no path may have");
    }
    serve::route_of(target.path);
    return nothing();
  };
  return {"http_target",
          {bytes_of("/v2/models/a%20b/versions/1/infer?x=1&y=%C3%A4"), bytes_of("/obscura/v1/galleries/g/card"),
           bytes_of("/v2/repository/index"), bytes_of("/")},
          rewrite,
          kFormat,
          Seal::none,
          kMemory,
          256};
}

Reader http_fields_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const std::string text = text_of(in);
    const Split parts = split(text);
    serve::fills_header(parts.head, parts.fields);
    serve::Request request;
    request.method = "POST";
    request.headers = parts.headers;
    serve::check_framing(request, text.ends_with('0'));
    if (request.chunked && request.content_length) throw Fault("http_fields: two ways to end a body");
    return nothing();
  };
  return {"http_fields",
          {bytes_of("Host: a\r\nContent-Length: 12\r\n\r\n"), bytes_of("Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
           bytes_of("Host: [::1]:80\r\nConnection: close\r\nAuthorization: Bearer obs_x\r\n\r\n0")},
          rewrite,
          kFormat,
          Seal::none,
          kMemory,
          512};
}

Reader content_range_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto range = serve::parse_content_range(text_of(in));
    if (!range) throw Refused("none");
    if (range->first > range->last || range->last >= range->total) throw Fault("content_range: none that can be");
    // Zeros in front are nothing (RFC 9110): what is written anew is the same range.
    const auto again = serve::parse_content_range("bytes " + std::to_string(range->first) + "-" +
                                                  std::to_string(range->last) + "/" + std::to_string(range->total));
    if (!again || again->first != range->first || again->last != range->last || again->total != range->total) {
      throw Fault("content_range: another one when read again");
    }
    return nothing();
  };
  return {
      "content_range",
      {bytes_of("bytes 0-99/200"), bytes_of("bytes 18446744073709551614-18446744073709551614/18446744073709551615")},
      rewrite,
      kFormat,
      Seal::none,
      kMemory,
      96};
}

Reader base64_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    const auto bytes = serve::from_base64(text_of(in));
    if (!bytes) throw Refused("none");
    return bytes_of(serve::to_base64(*bytes));
  };
  return {"base64", {bytes_of("QUJDRA=="), bytes_of("QUJD"), bytes_of("")}, rewrite, kFormat, Seal::none, kMemory, 128};
}

Reader infer_body_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    as_service([&] {
      const std::string text = text_of(in);
      const Split parts = split(text);
      auto call = serve::parse_infer(parts.headers, "m", "v", bytes_of(parts.body));
      serve::InferReply reply{"m", "v", call.request.id, {{"answer", "BYTES", {1}, {bytes_of("abc")}}}};
      serve::write_infer(std::move(reply), call.form);
    });
    return nothing();
  };
  const std::string json =
      R"({"id":"42","inputs":[{"name":"query","shape":[1],"datatype":"BYTES","parameters":{"binary_data_size":8}}],)"
      R"("outputs":[{"name":"answer","parameters":{"binary_data":true}}],"parameters":{"timeout":5000000}})";
  const std::string text =
      R"({"inputs":[{"name":"query","shape":[1],"datatype":"BYTES","parameters":{"content_type":"base64"},)"
      R"("data":["QUJD"]}]})";
  return {"infer_body",
          {bytes_of("Inference-Header-Content-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json +
                    std::string("\x04\0\0\0abcd", 8)),
           bytes_of("Content-Type: application/json\r\n\r\n" + text),
           bytes_of("Inference-Header-Content-Length: 0\r\n\r\nOBSCURA")},
          rewrite,
          kFormat,
          Seal::none,
          kJson,
          1024};
}

Reader remote_facts_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    std::size_t read = 0;
    const auto attempt = [&](auto reader) {
      try {
        reader(remote::JsonFields(in, "input"));
        ++read;
      } catch (const remote::RemoteError&) {
      }
    };
    attempt(remote::read_server);
    attempt(remote::read_listed_model);
    attempt(remote::read_model);
    attempt(remote::read_key_status);
    attempt(remote::read_gallery);
    if (read == 0) throw Refused("no answer");
    return nothing();
  };
  const std::string hash(64, 'a');
  return {"remote_facts",
          {bytes_of(R"({"name":"obscura","version":"0.1.0","extensions":["obscura_keys_v1"]})"),
           bytes_of(R"({"name":"m","versions":["1"],"properties":{"network":"n","client_spec":")" + hash +
                    R"(","images_per_query":"1","max_query_bytes":"100","key_bytes":"9","gallery":""}})"),
           bytes_of(R"({"hash":")" + hash + R"(","state":"ready","bytes":5,"total":5,"key_id":")" +
                    std::string(32, 'b') + R"(","created":1,"last_used":2,"expires":3,"models":["m"]})"),
           bytes_of(R"({"name":"g","id":")" + std::string(32, 'c') +
                    R"(","version":7,"images":3,"modes":["encrypted"],"max_query_bytes":5,"max_fetch_bytes":6})")},
          rewrite,
          kFormat,
          Seal::none,
          kJson,
          1024};
}

Reader remote_answer_reader() {
  const auto rewrite = [](ByteSpan in) -> std::optional<Bytes> {
    as_client([&] {
      const std::string text = text_of(in);
      const Split parts = split(text);
      remote::Response response{200, {}, bytes_of(parts.body)};
      for (const auto& [name, value] : parts.fields) response.headers[std::string(name)] = std::string(value);
      remote::read_infer_answer(std::move(response), "input");
    });
    return nothing();
  };
  const std::string json = R"({"model_name":"m","outputs":[{"name":"answer","shape":[1],"datatype":"BYTES",)"
                           R"("parameters":{"binary_data_size":8}}]})";
  return {"remote_answer",
          {bytes_of("inference-header-content-length: " + std::to_string(json.size()) + "\r\n\r\n" + json +
                    std::string("\x04\0\0\0abcd", 8)),
           bytes_of("inference-header-content-length: 0\r\n\r\nOBSCURA")},
          rewrite,
          kFormat,
          Seal::none,
          kJson,
          1024};
}

}  // namespace obscura::fuzz
