#include "serve/grpc/call_record.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "serve/grpc/status.h"
#include "serve/metrics.h"
#include "serve/utc.h"

namespace obscura::serve::grpc_front {
CallRecord::CallRecord(const Shared& shared, std::string_view call, std::string_view peer)
    : shared_(&shared), call_(call), peer_(parse_peer(peer)) {}

Identity CallRecord::admit(std::optional<std::string_view> authorization, Scope scope) {
  const std::string bearer = authorization ? bearer_of(*authorization) : std::string();
  Identity who = shared_->service.identify({bearer, shared_->encrypted, peer_.loopback, peer_.address}, scope);
  tenant_ = who.tenant_name;
  token_ = who.token;
  return who;
}

void CallRecord::name_model(const std::string& model) {
  try {
    model_ = shared_->service.model(model, "").name;
  } catch (const Failure&) {
    // What clients make up has no place in labels.
  }
}

void CallRecord::end(const Failure* failure) noexcept try {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start_;
  auto& metrics = shared_->service.metrics();
  metrics.ended("grpc", call_, model_, failure ? std::optional(failure->code()) : std::nullopt, taken.count());
  metrics.received(received_);
  metrics.sent(sent_);
  if (shared_->access_log) shared_->access_log(line(failure, taken.count()));
} catch (...) {
  // Neither counting nor logging is a reason to fail a call.
}

std::string CallRecord::line(const Failure* failure, double seconds) const {
  nlohmann::ordered_json line;
  line["time"] = utc_now();
  line["front"] = "grpc";
  line["call"] = call_;
  line["model"] = model_;
  line["tenant"] = tenant_;
  line["token"] = token_;
  line["status"] = static_cast<int>(failure ? status_code(failure->code()) : grpc::StatusCode::OK);
  line["code"] = failure ? name_of(failure->code()) : "ok";
  line["milliseconds"] = std::round(seconds * 1e6) / 1e3;
  line["received"] = received_;
  line["sent"] = sent_;
  line["peer"] = peer_.address;
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace obscura::serve::grpc_front
