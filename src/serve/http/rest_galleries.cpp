#include <charconv>

#include "serve/http/json_text.h"
#include "serve/http/rest_call.h"
#include "serve/http/static_reply.h"

namespace obscura::serve {

namespace {

constexpr const char* kBytes = "application/octet-stream";

Json list(const std::vector<GalleryFacts>& galleries) {
  Json json;
  json["galleries"] = Json::array();
  for (const GalleryFacts& gallery : galleries) json["galleries"].push_back(gallery_json(gallery));
  return json;
}

std::int64_t version_in(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Failure(FailureCode::not_found, "versions of galleries are numbers: ask for the gallery's card");
  }
  return value;
}

Reply bytes_reply(Bytes bytes) {
  Reply reply(200, kBytes, std::move(bytes));
  return std::move(reply.add("Cache-Control", "no-store"));
}

void hint(const RestExchange& call) {
  call.service().hint(call.who, call.route.name, version_in(call.route.version),
                      answer_with<StaticFile>(call, [call](const StaticFile& file) {
                        return static_reply(call.request(), file.path, file.hash, kBytes);
                      }));
}

}  // namespace

void answer_galleries(const RestExchange& call) {
  Service& service = call.service();
  const std::string& name = call.route.name;
  const auto answer = [&call] { return answer_with<Bytes>(call, &bytes_reply); };
  switch (call.route.call) {
    case RestCall::galleries:
      return call.answer(json_reply(200, list(service.galleries(call.who))));
    case RestCall::card:
      return service.card(call.who, name, answer());
    case RestCall::hint:
      return hint(call);
    case RestCall::scores:
      return service.scores(call.who, name, call.exchange->take_body(), call.exchange->stop(), answer());
    case RestCall::fetch:
      return service.fetch(call.who, name, call.exchange->take_body(), call.exchange->stop(), answer());
    case RestCall::trusted:
      if (call.request().method != "POST") return service.trusted_card(call.who, name, answer());
      return service.trusted(call.who, name, call.exchange->take_body(), call.exchange->stop(), answer());
    default:
      return call.answer(json_reply(200, gallery_json(service.gallery(call.who, name))));
  }
}

}  // namespace obscura::serve
