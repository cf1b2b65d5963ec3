// What the server says of itself.
#include <ctime>

#include "serve/http/json_text.h"
#include "serve/http/rest_call.h"
#include "serve/http/status_page.h"
#include "serve/metrics.h"

namespace obscura::serve {

namespace {

Reply health(bool well, const char* name) {
  return json_reply(well ? 200 : 503, {{name, well}});
}

Reply page(const RestExchange& call) {
  Service& service = call.service();
  const std::string html = status_page(
      {service.metrics().load(), service.models(), service.galleries(call.who), service.ready(), std::time(nullptr)});
  Reply reply(200, "text/html; charset=utf-8", html);
  reply.add("Cache-Control", "no-store");
  reply.add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  reply.add("Referrer-Policy", "no-referrer");
  return std::move(reply.add("X-Content-Type-Options", "nosniff"));
}

Reply metrics(const RestExchange& call) {
  Reply reply(200, "text/plain; version=0.0.4; charset=utf-8", call.service().metrics().prometheus_text());
  return std::move(reply.add("Cache-Control", "no-store"));
}

}  // namespace

void answer_server(const RestExchange& call) {
  switch (call.route.call) {
    case RestCall::status_page:
      return call.answer(page(call));
    case RestCall::web:
      return call.answer(call.shared->options.site->reply(call.request()));
    case RestCall::metrics:
      return call.answer(metrics(call));
    case RestCall::live:
      return call.answer(health(true, "live"));
    case RestCall::ready:
      return call.answer(health(call.service().ready(), "ready"));
    default:
      return call.answer(json_reply(200, server_json()));
  }
}

}  // namespace obscura::serve
