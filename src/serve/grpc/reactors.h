#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "serve/grpc/call_record.h"
#include "serve/grpc/status.h"
#include "serve/outcome.h"

/// What the calls over gRPC's callback interface have in common. A reactor deletes itself in OnDone, which comes when
/// Finish was called (exactly once, here by `end`) and nothing else of the call is under way: so what the service still
/// owes an outcome may hold a bare pointer to it, however long the client has gone. After `end` it may not be touched.
///
/// For the few files that include gRPC's own headers: those take most of a minute each.
namespace obscura::serve::grpc_front {

/// Ends calls, whatever their kind: `Reactor` is one of gRPC's.
template <typename Reactor>
class CallOf : public Reactor {
 public:
  CallOf(const Shared& shared, grpc::CallbackServerContext& context, std::string_view name)
      : shared_(shared), context_(context), name_(name), record_(shared, name, context.peer()) {}

  /// Throws Failure.
  Identity admit(Scope scope) {
    const auto [first, last] = context_.client_metadata().equal_range("authorization");
    if (first == last) return record_.admit(std::nullopt, scope);
    if (std::next(first) != last) {
      throw Failure(FailureCode::unauthenticated, "more than one authorization was sent: send one token");
    }
    return record_.admit(std::string_view(first->second.data(), first->second.size()), scope);
  }
  CallRecord& record() { return record_; }
  Service& service() { return shared_.service; }
  std::stop_token stop_token() const { return stop_.get_token(); }

  void end() {
    record_.end(nullptr);
    this->Finish(grpc::Status::OK);
  }
  void end(const Failure& why) {
    const Failure failure = judged(why);
    record_.end(&failure);
    for (const auto& [name, value] : trailers_of(failure)) context_.AddTrailingMetadata(name, value);
    this->Finish(status_of(failure));
  }
  /// Runs what may throw; a failure is the call's end. Not to be used around what may have ended the call.
  template <typename Work>
  bool or_end(Work work) {
    std::optional<Failure> failure;
    try {
      work();
      return true;
    } catch (...) {
      failure = failure_in_flight();
    }
    end(*failure);
    return false;
  }

  void OnCancel() override { stop_.request_stop(); }
  void OnDone() override { delete this; }

 protected:
  ~CallOf() override = default;

  /// What was cancelled because its deadline is over has timed out.
  Failure judged(const Failure& failure) const {
    if (failure.code() != FailureCode::cancelled || std::chrono::system_clock::now() < context_.deadline())
      return failure;
    return {FailureCode::timed_out, "the call's deadline was over before its answer was there"};
  }
  /// For streams of which each message counts as a call.
  void begin_record() { record_ = CallRecord(shared_, name_, context_.peer()); }

  const Shared& shared_;
  grpc::CallbackServerContext& context_;

 private:
  std::string_view name_;
  CallRecord record_;
  std::stop_source stop_;
};

/// A call that reads one message after the other, and ends in shutting_down instead of waiting for one when the front
/// stops.
template <typename Reactor>
class ReadingCall : public CallOf<Reactor> {
 public:
  using CallOf<Reactor>::CallOf;

 protected:
  /// OnReadDone follows, or the call has ended.
  template <typename Message>
  void read_next(Message& message) {
    {
      const std::lock_guard lock(mutex_);
      if (!this->shared_.draining.stop_requested()) {
        reading_ = true;
        this->StartRead(&message);
        return;
      }
    }
    this->end(shutting_down());
  }
  /// First in OnReadDone. False: the call has ended.
  bool taken() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reading_, false);
  }

 private:
  static Failure shutting_down() {
    Failure failure(FailureCode::shutting_down, "the server is stopping: go on at the one that comes after it");
    failure.retry_after(1000);
    return failure;
  }
  void leave() {
    if (taken()) this->end(shutting_down());
  }

  std::mutex mutex_;
  bool reading_ = false;
  std::stop_callback<std::function<void()>> on_draining_{this->shared_.draining.get_token(), [this] { leave(); }};
};

/// A call with one request and one reply.
class UnaryCall final : public CallOf<grpc::ServerUnaryReactor> {
 public:
  using CallOf::CallOf;

  /// For replies that are there at once: `work` fills it, or throws.
  template <typename Reply, typename Work>
  void answer(Reply& reply, Work work) {
    const bool done = or_end([&] {
      work();
      record().sent(reply.ByteSizeLong());
    });
    if (done) end();
  }

  /// The end of what the service did: `fill` turns the value into a reply, whose size it returns.
  template <typename T, typename Fill>
  void conclude(const Outcome<T>& outcome, Fill fill) {
    if (!outcome.ok()) return end(outcome.failure());
    if (or_end([&] { record().sent(fill(outcome.value())); })) end();
  }
};

}  // namespace obscura::serve::grpc_front
