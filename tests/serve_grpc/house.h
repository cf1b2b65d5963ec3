#pragma once

#include <grpcpp/grpcpp.h>
#include <inference.grpc.pb.h>
#include <obscura.grpc.pb.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "serve/grpc/grpc_front.h"
#include "serve/support.h"

/// A service with its front on a port of its own, and a client of it.
namespace obscura::serve::testing {

/// What the front logs. It can hold the thread that logs the end of a call: with one worker, all further jobs then
/// wait.
class AccessLog {
 public:
  void hear(std::string_view line) {
    std::unique_lock lock(mutex_);
    lines_.emplace_back(line);
    changed_.notify_all();
    if (line.find(held_) != std::string_view::npos && !held_.empty()) {
      holding_ = true;
      changed_.notify_all();
      changed_.wait(lock, [this] { return held_.empty(); });
    }
  }
  void hold(const std::string& text) {
    const std::lock_guard lock(mutex_);
    held_ = text;
  }
  void wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return holding_; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_.clear();
    changed_.notify_all();
  }
  /// Waits for a line with all of these; false after a minute.
  bool has(const std::vector<std::string>& parts) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] {
      return std::any_of(lines_.begin(), lines_.end(), [&](const std::string& line) {
        return std::all_of(parts.begin(), parts.end(),
                           [&](const std::string& part) { return line.find(part) != std::string::npos; });
      });
    });
  }
  /// Waits until so many calls have ended; false after a minute.
  bool has_ended(std::size_t calls) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::minutes(1), [&] { return lines_.size() >= calls; });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::string held_;
  bool holding_ = false;
};

inline std::string trailer(const grpc::ClientContext& context, const std::string& name) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto at = trailers.find(name);
  return at == trailers.end() ? "" : std::string(at->second.data(), at->second.size());
}

struct House {
  explicit House(GrpcOptions given = {}, std::size_t threads = 2)
      : service(options_of(place, threads)), front(service, with_log(given, log)) {}

  static Service::Options options_of(const Place& place, std::size_t threads) {
    auto options = place.options();
    options.threads = threads;
    return options;
  }
  static GrpcOptions with_log(GrpcOptions options, AccessLog& log) {
    options.access_log = [&log](std::string_view line) { log.hear(line); };
    return options;
  }

  std::shared_ptr<grpc::Channel> connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(front.port()), grpc::InsecureChannelCredentials(),
                                     arguments);
  }
  std::string token(const std::string& tenant = "alice", Scopes scopes = kUserScopes) const {
    return place.token(tenant, scopes).bearer;
  }

  Place place;
  AccessLog log;
  Service service;
  GrpcFront front;
};

/// A tenant's client: stubs, and contexts with his token.
struct Client {
  explicit Client(const House& house, std::string with = "")
      : token(with.empty() ? house.token() : std::move(with)),
        channel(house.connect()),
        inference(::inference::GRPCInferenceService::NewStub(channel)),
        keys(v1::Keys::NewStub(channel)),
        search(v1::Search::NewStub(channel)),
        specs(v1::Specs::NewStub(channel)) {}

  void show(grpc::ClientContext& context) const {
    context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::minutes(2));
  }

  /// One query and its answer, the token with it.
  grpc::Status infer(grpc::ClientContext& context, const ::inference::ModelInferRequest& request,
                     ::inference::ModelInferResponse& reply) const {
    show(context);
    return inference->ModelInfer(&context, request, &reply);
  }

  /// Bytes [from, to) of a customer's keys in chunks of `step`.
  grpc::Status upload(grpc::ClientContext& context, const Customer& customer, std::size_t from, std::size_t to,
                      v1::KeyStatus& reply, std::size_t step = 100'000) const {
    show(context);
    const auto writer = keys->Upload(&context, &reply);
    v1::KeyChunk chunk;
    chunk.set_hash(customer.hash);
    chunk.set_total(customer.keys.size());
    bool taken = writer->Write(chunk);
    for (std::size_t at = from; taken && at < to; at += step) {
      chunk.Clear();
      chunk.set_offset(at);
      chunk.set_data(customer.keys.data() + at, std::min(step, to - at));
      taken = writer->Write(chunk);
    }
    writer->WritesDone();
    return writer->Finish();
  }

  std::string token;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<::inference::GRPCInferenceService::Stub> inference;
  std::unique_ptr<v1::Keys::Stub> keys;
  std::unique_ptr<v1::Search::Stub> search;
  std::unique_ptr<v1::Specs::Stub> specs;
};

inline ::inference::ModelInferRequest infer_message(const Bytes& query, bool raw) {
  ::inference::ModelInferRequest message;
  message.set_model_name("small");
  message.set_id("17");
  auto& input = *message.add_inputs();
  input.set_name("query");
  input.set_datatype("BYTES");
  input.add_shape(1);
  if (!raw) {
    input.mutable_contents()->add_bytes_contents(query.data(), query.size());
    return message;
  }
  std::string& bytes = *message.add_raw_input_contents();
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(query.size() >> shift & 0xFF);
  bytes.append(query.begin(), query.end());
  return message;
}

/// The answer of either form.
inline Bytes answer_of(const ::inference::ModelInferResponse& message) {
  if (message.raw_output_contents_size() == 1) {
    const std::string& raw = message.raw_output_contents(0);
    return {raw.begin() + 4, raw.end()};
  }
  const std::string& bare = message.outputs(0).contents().bytes_contents(0);
  return {bare.begin(), bare.end()};
}

/// What the customer reads is what the network says of that picture.
inline void expect_right(const Customer& customer, const Bytes& answer, std::uint64_t seed) {
  const auto plain = nn::run_reference(small_graph(), networks::images(1, 64, seed)[0]);
  const auto logits = customer.read(answer);
  ASSERT_EQ(logits.size(), plain.size());
  for (std::size_t k = 0; k < plain.size(); ++k) {
    EXPECT_NEAR(logits[k], plain[k], 30 * customer.owner.client().logit_error);
  }
}

}  // namespace obscura::serve::testing
