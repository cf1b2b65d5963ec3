#include "serve/http/rest_front.h"

#include "serve/http/infer_form.h"
#include "serve/http/rest_call.h"
#include "serve/http/rest_failure.h"
#include "serve/metrics.h"

namespace obscura::serve {

namespace {

/// The token, without "Bearer " (RFC 6750); empty: none, or another scheme.
std::string bearer_of(const Headers& headers) {
  constexpr std::string_view kScheme = "Bearer ";
  const auto value = headers.get("Authorization");
  if (!value || headers.count("Authorization") > 1 || value->size() <= kScheme.size()) return "";
  if (!equal_ignoring_case(value->substr(0, kScheme.size()), kScheme)) return "";
  return std::string(value->substr(value->find_first_not_of(' ', kScheme.size())));
}

using Answers = void (*)(const RestExchange&);

Answers answers_of(RestCall call) {
  switch (call) {
    case RestCall::models:
    case RestCall::model:
    case RestCall::model_ready:
    case RestCall::spec:
      return &answer_models;
    case RestCall::infer:
      return &answer_infer;
    case RestCall::keys:
    case RestCall::key:
      return &answer_keys;
    case RestCall::galleries:
    case RestCall::gallery:
    case RestCall::card:
    case RestCall::hint:
    case RestCall::scores:
    case RestCall::fetch:
    case RestCall::trusted:
      return &answer_galleries;
    default:
      return &answer_server;
  }
}

}  // namespace

/// Lets requests in: route, method, token, room.
class RestHandler : public HttpHandler {
 public:
  explicit RestHandler(std::shared_ptr<const RestShared> shared) : shared_(std::move(shared)) {}

  std::variant<Reply, Admission> begin(const Request& request) override {
    const auto route = route_to(request.path);
    auto record = std::make_shared<CallRecord>(shared_, route ? name_of(route->call) : "none", request);
    try {
      if (!route) throw Failure(FailureCode::not_found, "there is nothing at this path: /v2 says what this server is");
      if (!is_allowed(route->call, request.method)) return refusal(*record, wrong_method(methods_of(route->call)));
      if (route->call == RestCall::infer) record->name_model(route->name);
      const Identity who = admit(request, *route, *record);
      const std::uint64_t most = max_body(request, *route, who);
      return Admission{most, [shared = shared_, record, route = *route, who](std::shared_ptr<Exchange> exchange) {
                         run(RestExchange{shared, record, std::move(exchange), route, who});
                       }};
    } catch (...) {
      return refusal(*record, failure_reply(failure_in_flight()));
    }
  }

  void refused(const Request& request, const Reply& reply) override {
    const auto route = request.path.empty() ? std::nullopt : route_to(request.path);
    CallRecord(shared_, route ? name_of(route->call) : "none", request).ended(reply);
  }

 private:
  /// What the protocol has goes before what a page calls its files.
  std::optional<Route> route_to(const std::vector<std::string>& path) const {
    const auto& site = shared_->options.site;
    if (site && path.empty()) return Route{RestCall::web, "", ""};
    auto route = route_of(path);
    if (!route && site && site->has(path)) return Route{RestCall::web, "", ""};
    return route;
  }

  static void run(const RestExchange& call) try {
    call.record->received(call.exchange->body_bytes());
    call.record->body_is_here();
    answers_of(call.route.call)(call);
  } catch (...) {
    call.fail();
  }

  static Reply refusal(CallRecord& record, Reply reply) {
    record.ended(reply);
    return reply;
  }

  Identity admit(const Request& request, const Route& route, CallRecord& record) const {
    const auto scope = scope_of(route.call);
    const bool local = shared_->options.trust_loopback && request.peer.loopback;
    if (!scope || (*scope == Scope::metrics && local)) return {};
    Service& service = shared_->service;
    const Identity who = service.identify(
        {bearer_of(request.headers), request.peer.encrypted, request.peer.loopback, request.peer.address}, *scope);
    record.admitted(who);
    const bool job = route.call == RestCall::infer || route.call == RestCall::scores || route.call == RestCall::fetch ||
                     route.call == RestCall::trusted;
    if (job) service.check_room(who);
    return who;
  }

  /// Of a request of that method.
  std::uint64_t max_body(const Request& request, const Route& route, const Identity& who) const {
    Service& service = shared_->service;
    switch (route.call) {
      case RestCall::infer:
        // In base64, four bytes for three.
        return json_bytes(request.headers) ? service.max_infer_bytes() : service.max_infer_bytes() / 3 * 4 + 4;
      case RestCall::key:
        return request.method == "PUT" ? kMaxPieceBytes : 0;
      case RestCall::scores:
        return service.gallery(who, route.name).max_query_bytes;
      case RestCall::fetch:
        return service.gallery(who, route.name).max_fetch_bytes;
      case RestCall::trusted:
        return request.method == "POST" ? service.gallery(who, route.name).max_trusted_bytes : 0;
      default:
        return 0;
    }
  }

  std::shared_ptr<const RestShared> shared_;
};

struct RestFront::State {
  State(Service& service, RestOptions options)
      : handler(std::make_shared<RestShared>(RestShared{service, options})),
        server(with_gauge(std::move(options.http), service), handler) {}

  static HttpOptions with_gauge(HttpOptions options, Service& service) {
    options.on_connections = [&service, also = options.on_connections](std::size_t open) {
      service.metrics().set_connections("http", open);
      if (also) also(open);
    };
    return options;
  }

  RestHandler handler;
  HttpServer server;
};

RestFront::RestFront(Service& service, RestOptions options)
    : state_(std::make_unique<State>(service, std::move(options))) {}

RestFront::~RestFront() = default;

std::uint16_t RestFront::port() const {
  return state_->server.port();
}

void RestFront::stop(std::chrono::milliseconds grace) {
  state_->server.stop(grace);
}

}  // namespace obscura::serve
