#pragma once

// Internal to src/remote: one exchange on one pair of libcurl's handles.
#include <curl/curl.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>

#include "remote/http.h"

namespace obscura::remote {

/// A connection, open or not.
class Handle {
 public:
  /// Throws IoError.
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* easy() const { return easy_; }
  CURLM* multi() const { return multi_; }

 private:
  CURL* easy_ = nullptr;
  CURLM* multi_ = nullptr;
};

/// One exchange. Callbacks of libcurl must not throw: what they meet is kept, and thrown by run().
class Transfer {
 public:
  Transfer(const Address& address, const std::string& token, const HttpOptions& options, const Request& request,
           const BodySink& sink);

  /// Throws as HttpClient::send.
  Response run(const Handle& handle, const std::stop_token& stop);

  std::uint64_t sent() const { return sent_; }
  std::uint64_t received() const { return received_; }

 private:
  static std::size_t on_read(char* to, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static std::size_t on_write(char* from, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* from, std::size_t size, std::size_t count, void* self);

  void set_up(CURL* easy);
  void set_body(CURL* easy);
  CURLcode drive(const Handle& handle, const std::stop_token& stop);
  void check_time() const;
  int patience_ms() const;
  void take_header(const std::string& line);
  void take_body(ckks::ByteSpan piece);
  [[noreturn]] void fail(CURLcode code) const;
  [[noreturn]] void lost(const std::string& why) const;

  const Address& address_;
  const std::string& token_;
  const HttpOptions& options_;
  const Request& request_;
  const BodySink& sink_;

  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_;
  char problem_[CURL_ERROR_SIZE] = {};
  Response response_;
  std::exception_ptr met_;  // by a callback
  std::size_t body_bytes_ = 0, sent_ = 0, received_ = 0, header_bytes_ = 0;
  bool answered_ = false;                   // a status came
  bool headed_ = false;                     // and all headers
  Clock::time_point moved_ = Clock::now();  // the last byte
};

}  // namespace obscura::remote
