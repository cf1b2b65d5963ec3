#include "remote/infer_body.h"

#include <charconv>
#include <limits>
#include <optional>

#include "base/error.h"
#include "remote/json_fields.h"
#include "remote/remote_error.h"

namespace obscura::remote {
namespace {

constexpr std::size_t kLength = 4;

std::optional<std::size_t> number_of(const std::string& text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

/// The output "answer", alone or among others, and where its bytes begin behind the JSON.
struct Place {
  std::size_t at = 0, size = 0;
};
Place place_of_answer(const JsonFields& json) {
  Place place;
  for (const auto& output : json.objects("outputs", 64)) {
    const std::size_t size = output.object("parameters").count("binary_data_size");
    if (output.text("name") != "answer") {
      place.at += size;
      continue;
    }
    if (output.text("datatype") != "BYTES" || output.json().value("shape", nlohmann::json()) != nlohmann::json{1}) {
      output.fail("has an output 'answer' that is not BYTES [1]");
    }
    place.size = size;
    return place;
  }
  json.fail("has no output 'answer'");
}

}  // namespace

InferBody infer_body(ckks::ByteSpan query) {
  if (query.size() > std::numeric_limits<std::uint32_t>::max() - kLength) {
    throw UsageError("a query of 4 GiB and more cannot be sent");
  }
  InferBody body;
  body.json = nlohmann::json{{"inputs",
                              {{{"name", "query"},
                                {"datatype", "BYTES"},
                                {"shape", {1}},
                                {"parameters", {{"binary_data_size", query.size() + kLength}}}}}},
                             {"outputs", {{{"name", "answer"}, {"parameters", {{"binary_data", true}}}}}}}
                  .dump();
  for (std::size_t i = 0; i < kLength; ++i) body.length[i] = static_cast<std::uint8_t>(query.size() >> (8 * i));
  return body;
}

ckks::Bytes read_infer_answer(Response response, const std::string& what) {
  const auto refuse = [&](const std::string& problem) -> void {
    throw RemoteError("unexpected", what + " " + problem + ": the server speaks another protocol, or none", 200);
  };
  const auto head = number_of(response.header("inference-header-content-length"));
  if (!head || *head > response.body.size()) {
    refuse("has no Inference-Header-Content-Length that can be");
  } else if (*head == 0) {
    return std::move(response.body);
  }
  const ckks::ByteSpan body = response.body;
  const Place place = place_of_answer(JsonFields(body.first(*head), what));
  const auto tensors = body.subspan(*head);
  if (place.at > tensors.size() || place.size > tensors.size() - place.at || place.size < kLength) {
    refuse("is shorter than its JSON says");
  }
  const auto tensor = tensors.subspan(place.at, place.size);
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLength; ++i) length |= std::size_t{tensor[i]} << (8 * i);
  if (length != tensor.size() - kLength) refuse("has an output 'answer' that is not one element");
  return {tensor.begin() + kLength, tensor.end()};
}

}  // namespace obscura::remote
