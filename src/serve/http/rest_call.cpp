#include "serve/http/rest_call.h"

#include <fmt/format.h>

#include <cmath>

#include "serve/http/json_text.h"
#include "serve/http/rest_failure.h"
#include "serve/metrics.h"
#include "serve/utc.h"

namespace obscura::serve {

namespace {

std::optional<FailureCode> failure_of(const Reply& reply) {
  if (reply.code.empty()) return std::nullopt;
  return failure_code(reply.code);
}

}  // namespace

CallRecord::CallRecord(std::shared_ptr<const RestShared> shared, std::string_view call, const Request& request)
    : shared_(std::move(shared)), call_(call), method_(request.method), peer_(request.peer.address) {}

void CallRecord::admitted(const Identity& who) {
  tenant_ = who.tenant_name;
  token_ = who.token;
}

void CallRecord::name_model(const std::string& name) try {
  model_ = shared_->service.model(name, "").name;
} catch (const Failure&) {
}

void CallRecord::received(std::uint64_t bytes) {
  received_ += bytes;
}

void CallRecord::ended(const Reply& reply) noexcept try {
  const double taken = seconds();
  Metrics& metrics = shared_->service.metrics();
  metrics.ended("http", call_, model_, failure_of(reply), taken);
  metrics.received(received_);
  metrics.sent(reply.size());
  if (shared_->options.access_log) shared_->options.access_log(line(reply, taken));
} catch (...) {
  // Neither counting nor logging is a reason to fail a call.
}

std::string CallRecord::line(const Reply& reply, double seconds) const {
  Json line;
  line["time"] = utc_now();
  line["front"] = "http";
  line["method"] = method_.substr(0, 16);
  line["call"] = call_;
  line["model"] = model_;
  line["tenant"] = tenant_;
  line["token"] = token_;
  line["status"] = reply.status;
  line["code"] = reply.code.empty() ? "ok" : reply.code;
  line["milliseconds"] = std::round(seconds * 1e6) / 1e3;
  line["received"] = received_;
  line["sent"] = reply.size();
  line["peer"] = peer_;
  return line.dump(-1, ' ', true, Json::error_handler_t::replace);
}

double CallRecord::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void RestExchange::answer(Reply reply) const {
  // For who wants to tell the way from the work (W3C Server Timing).
  reply.add("Server-Timing", fmt::format("server;dur={:.3f}", 1e3 * record->seconds()));
  record->ended(reply);
  exchange->answer(std::move(reply));
}

void RestExchange::fail() const {
  answer(failure_reply(failure_in_flight()));
}

}  // namespace obscura::serve
