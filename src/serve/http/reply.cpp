#include "serve/http/reply.h"

#include <nlohmann/json.hpp>

namespace obscura::serve {

Reply::Reply(int with, std::string type, std::vector<std::uint8_t> bytes) : status(with), body(std::move(bytes)) {
  add("Content-Type", std::move(type));
}

Reply::Reply(int with, std::string type, std::string_view text)
    : Reply(with, std::move(type), std::vector<std::uint8_t>(text.begin(), text.end())) {}

std::uint64_t Reply::size() const {
  if (const auto* file = std::get_if<FilePart>(&body)) return file->size;
  return std::get<0>(body).size();
}

Reply& Reply::add(std::string name, std::string value) {
  headers.emplace_back(std::move(name), std::move(value));
  return *this;
}

Reply error_reply(int status, std::string_view code, std::string_view sentence) {
  const nlohmann::json body = {{"error", sentence}, {"code", code}};
  Reply reply(status, "application/json", body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  reply.code = code;
  return reply;
}

}  // namespace obscura::serve
