// Evaluation keys, piece by piece.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/error.h"
#include "remote/calls.h"

namespace obscura::remote {
namespace {

constexpr std::size_t kMostStatusBytes = std::size_t{1} << 20;
/// Below it a proxy that refuses pieces is given up.
constexpr std::size_t kLeastPiece = std::size_t{1} << 16;
/// So often the server may say that it is elsewhere than it was left.
constexpr int kMostConflicts = 8;
/// So long keys may be all there and not ready: another client's last piece, which is being checked.
constexpr std::chrono::seconds kLongestCheck{60};
constexpr int kLongestPauseMs = 1000;

class Upload {
 public:
  Upload(Calls& calls, const KeySource& keys, std::string hash, const std::stop_token& stop)
      : calls_(calls),
        keys_(keys),
        hash_(std::move(hash)),
        stop_(stop),
        piece_(std::max<std::size_t>(calls.options.piece_bytes, 1)) {}

  KeyStatus run() {
    KeyStatus status = key_status(calls_, hash_, stop_);
    while (status.state != KeyState::ready) {
      calls_.tell("keys sent", std::min(status.bytes, keys_.size), keys_.size);
      status = status.bytes < keys_.size ? put(status.bytes) : after_check();
    }
    calls_.tell("keys sent", keys_.size, keys_.size);
    return status;
  }

 private:
  /// All of it is there. Asked again until it is ready, or until no server takes so long.
  KeyStatus after_check() {
    const auto end = std::min(calls_.deadline(), Clock::now() + kLongestCheck);
    for (int pause = calls_.options.back_off_ms; Clock::now() < end; pause = std::min(2 * pause, kLongestPauseMs)) {
      wait(pause, stop_);
      const KeyStatus status = key_status(calls_, hash_, stop_);
      if (status.state == KeyState::ready || status.bytes < keys_.size) return status;
    }
    throw RemoteError("unexpected", calls_.http.address().url + " has all of the keys, and says that it has not");
  }

  KeyStatus put(std::uint64_t offset) {
    const auto deadline = calls_.deadline();
    Patience patience(calls_.options, deadline);
    while (true) {
      try {
        const auto status = put_once(offset, deadline);
        if (status.state == KeyState::ready || status.bytes > offset) return status;
        throw_stuck();
      } catch (const RemoteError& error) {
        if (error.status() == 409) return after_conflict(error);
        if (error.status() == 413 && piece_ > kLeastPiece) {
          piece_ = std::max(piece_ / 4, kLeastPiece);
          continue;
        }
        patience.again(error, stop_);
      }
    }
  }

  KeyStatus put_once(std::uint64_t offset, Clock::time_point deadline) {
    bytes_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_, keys_.size - offset)));
    keys_.read(offset, bytes_);
    Request request;
    request.method = "PUT";
    request.path = "/v2/obscura/keys/" + hash_;
    request.headers = {"Content-Type: application/octet-stream",
                       fmt::format("Content-Range: bytes {}-{}/{}", offset, offset + bytes_.size() - 1, keys_.size)};
    request.body = {bytes_};
    request.most_bytes = kMostStatusBytes;
    request.patient = true;  // the last piece is answered when the keys are checked
    request.deadline = deadline;
    const auto response = calls_.ask_once(request, stop_);
    auto status = read_key_status(JsonFields(ckks::ByteSpan(response.body), "what the server answers to keys"));
    if (status.hash != hash_) throw RemoteError("unexpected", "the server answers for other keys than were sent");
    return status;
  }

  /// It is where it says, or, where it does not say, where its status does.
  KeyStatus after_conflict(const RemoteError& error) {
    if (++conflicts_ > kMostConflicts) throw RemoteError(error);
    const std::string text = error.detail("bytes");
    KeyStatus status;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), status.bytes);
    if (problem == std::errc() && end == text.data() + text.size() && status.bytes < keys_.size) {
      status.state = KeyState::partial;
      return status;
    }
    return key_status(calls_, hash_, stop_);
  }

  [[noreturn]] void throw_stuck() const {
    throw RemoteError("unexpected", calls_.http.address().url + " takes pieces of keys, and does not keep them");
  }

  Calls& calls_;
  const KeySource& keys_;
  std::string hash_;
  const std::stop_token& stop_;
  std::size_t piece_;
  ckks::Bytes bytes_;
  int conflicts_ = 0;
};

}  // namespace

KeyStatus key_status(Calls& calls, const std::string& hash, const std::stop_token& stop) {
  auto status = read_key_status(calls.json("/v2/obscura/keys/" + hash, stop));
  if (status.hash != hash) throw RemoteError("unexpected", "the server answers for other keys than were asked for");
  return status;
}

KeyStatus upload(Calls& calls, const KeySource& keys, const std::stop_token& stop) {
  if (keys.size == 0) throw UsageError("there are no evaluation keys to send: their file is empty");
  return Upload(calls, keys, hash_of_keys(keys, stop), stop).run();
}

}  // namespace obscura::remote
