#include "serve/http/base64.h"
#include "serve/http/infer_form.h"
#include "serve/http/json_text.h"

namespace obscura::serve {

namespace {

constexpr std::size_t kLengthBytes = 4;

bool is_binary(const Tensor& tensor, const InferForm& form) {
  const auto at = form.binary_outputs.find(tensor.name);
  return at == form.binary_outputs.end() ? form.kind == InferForm::Kind::binary : at->second;
}

std::size_t bytes_with_lengths(const Tensor& tensor) {
  std::size_t size = 0;
  for (const Bytes& element : tensor.elements) size += kLengthBytes + element.size();
  return size;
}

void append_with_lengths(const Tensor& tensor, Bytes& out) {
  for (const Bytes& element : tensor.elements) {
    for (std::size_t i = 0; i < kLengthBytes; ++i) out.push_back(static_cast<std::uint8_t>(element.size() >> (8 * i)));
    out.insert(out.end(), element.begin(), element.end());
  }
}

Json output_json(const Tensor& tensor, bool binary) {
  Json json = {{"name", tensor.name}, {"datatype", tensor.datatype}, {"shape", tensor.shape}};
  if (binary) {
    json["parameters"]["binary_data_size"] = bytes_with_lengths(tensor);
    return json;
  }
  json["parameters"]["content_type"] = "base64";
  json["data"] = Json::array();
  for (const Bytes& element : tensor.elements) json["data"].push_back(to_base64(element));
  return json;
}

bool is_one_element(const InferReply& reply) {
  return reply.outputs.size() == 1 && reply.outputs[0].elements.size() == 1;
}

}  // namespace

Reply write_infer(InferReply reply, const InferForm& form) {
  if (form.kind == InferForm::Kind::raw && is_one_element(reply)) {
    Reply raw(200, "application/octet-stream", std::move(reply.outputs[0].elements[0]));
    raw.add(kJsonBytes, "0");
    return std::move(raw.add("Cache-Control", "no-store"));
  }
  Json json;
  json["model_name"] = reply.model;
  json["model_version"] = reply.version;
  if (!reply.id.empty()) json["id"] = reply.id;
  json["outputs"] = Json::array();
  Bytes behind;
  bool any_binary = false;
  for (const Tensor& tensor : reply.outputs) {
    const bool binary = form.kind == InferForm::Kind::raw || is_binary(tensor, form);
    json["outputs"].push_back(output_json(tensor, binary));
    if (binary) append_with_lengths(tensor, behind);
    any_binary = any_binary || binary;
  }
  if (!any_binary) return json_reply(200, json);
  const std::string text = dump(json);
  Bytes body;
  body.reserve(text.size() + behind.size());
  body.insert(body.end(), text.begin(), text.end());
  body.insert(body.end(), behind.begin(), behind.end());
  Reply made(200, "application/octet-stream", std::move(body));
  made.add(kJsonBytes, std::to_string(text.size()));
  return std::move(made.add("Cache-Control", "no-store"));
}

}  // namespace obscura::serve
