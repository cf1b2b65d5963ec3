#include "remote/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>

#include "base/error.h"
#include "remote/remote_error.h"
#include "remote/sigpipe.h"

namespace obscura::remote {
namespace {

/// More are no headers of a server of ours.
constexpr std::size_t kMostHeaderBytes = std::size_t{1} << 16;
/// A body that only says what was wrong.
constexpr std::size_t kMostErrorBytes = std::size_t{1} << 16;
/// However long there is nothing to do: so often clocks are looked at.
constexpr int kGlanceMs = 1000;

bool is_success(int status) {
  return status == 200 || status == 206;
}

template <typename T>
void set(CURL* easy, CURLoption option, T value) {
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) {
    throw IoError(fmt::format("this libcurl lacks an option ({})", static_cast<int>(option)));
  }
}

/// Files of certificates are libcurl's to read; that one is unreadable is better said by name.
bool is_distrust(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR;
}

}  // namespace

Handle::Handle() : easy_(curl_easy_init()), multi_(curl_multi_init()) {
  if (easy_ != nullptr && multi_ != nullptr) return;
  curl_easy_cleanup(easy_);
  if (multi_ != nullptr) curl_multi_cleanup(multi_);
  throw IoError("libcurl does not start");
}

Handle::~Handle() {
  const SigpipeBlock quiet;  // TLS says good-bye
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
}

Transfer::Transfer(const Address& address, const std::string& token, const HttpOptions& options, const Request& request,
                   const BodySink& sink)
    : address_(address),
      token_(token),
      options_(options),
      request_(request),
      sink_(sink),
      headers_(nullptr, curl_slist_free_all) {
  for (const auto& part : request.body) body_bytes_ += part.size();
}

std::size_t Transfer::on_read(char* to, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  std::size_t room = size * count, at = t.sent_, done = 0;
  for (const auto& part : t.request_.body) {
    if (at >= part.size()) {
      at -= part.size();
      continue;
    }
    const std::size_t some = std::min(room - done, part.size() - at);
    std::memcpy(to + done, part.data() + at, some);
    done += some, at = 0;
    if (done == room) break;
  }
  t.sent_ += done, t.moved_ = Clock::now();
  return done;
}

/// libcurl begins again where a kept connection turns out to be gone.
int Transfer::on_seek(void* self, curl_off_t offset, int origin) {
  auto& t = *static_cast<Transfer*>(self);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > t.body_bytes_) return CURL_SEEKFUNC_FAIL;
  t.sent_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t Transfer::on_write(char* from, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  try {
    t.take_body({reinterpret_cast<const std::uint8_t*>(from), size * count});
    return size * count;
  } catch (...) {
    t.met_ = std::current_exception();
    return 0;
  }
}

std::size_t Transfer::on_header(char* from, std::size_t size, std::size_t count, void* self) {
  auto& t = *static_cast<Transfer*>(self);
  try {
    t.take_header({from, size * count});
    return size * count;
  } catch (...) {
    t.met_ = std::current_exception();
    return 0;
  }
}

void Transfer::take_header(const std::string& line) {
  moved_ = Clock::now(), answered_ = true;
  header_bytes_ += line.size();
  if (header_bytes_ > kMostHeaderBytes) {
    throw RemoteError("unexpected", address_.url + " answers with more than 64 KB of headers: it is no server of ours");
  }
  if (line.starts_with("HTTP/")) {  // also that of an interim answer, which is none
    response_.headers.clear();
    headed_ = false;
    const std::size_t space = line.find(' ');
    response_.status = space == std::string::npos ? 0 : std::atoi(line.c_str() + space + 1);
    answered_ = response_.status >= 200;
    return;
  }
  if (line == "\r\n" || line == "\n") headed_ = true;
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) return;
  std::string name = line.substr(0, colon);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::size_t begin = line.find_first_not_of(" \t", colon + 1), end = line.find_last_not_of(" \t\r\n");
  response_.headers[name] = begin == std::string::npos || begin > end ? "" : line.substr(begin, end - begin + 1);
}

void Transfer::take_body(ckks::ByteSpan piece) {
  moved_ = Clock::now();
  received_ += piece.size();
  const bool success = is_success(response_.status);
  const std::size_t most = success ? request_.most_bytes : kMostErrorBytes;
  if (received_ > most) {
    throw RemoteError(
        "unexpected",
        fmt::format("{} answers {} with more than the {} bytes that it may have", address_.url, request_.path, most),
        response_.status);
  }
  if (success && sink_) return sink_(response_, piece);
  response_.body.insert(response_.body.end(), piece.begin(), piece.end());
}

void Transfer::set_up(CURL* easy) {
  curl_easy_reset(easy);
  set(easy, CURLOPT_URL, (address_.url + request_.path).c_str());
  set(easy, CURLOPT_ERRORBUFFER, problem_);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_USERAGENT, "obscura");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_QUICK_EXIT, 1L);  // a name that is being looked up is not waited for
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_TCP_KEEPIDLE, 15L);
  set(easy, CURLOPT_TCP_KEEPINTVL, 5L);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_ms));
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) set(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  // What goes in the clear goes to nobody but the server, whatever the environment says of proxies.
  if (!address_.encrypted || address_.loopback) set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_write);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set_body(easy);
}

void Transfer::set_body(CURL* easy) {
  const auto add = [&](const std::string& header) {
    curl_slist* longer = curl_slist_append(headers_.get(), header.c_str());
    if (longer == nullptr) throw IoError("out of memory for headers");
    headers_.release();
    headers_.reset(longer);
  };
  for (const auto& header : request_.headers) add(header);
  if (!token_.empty()) add("Authorization: Bearer " + token_);
  add("Expect:");  // a server that does not answer it would cost a second
  if (request_.method == "POST" || request_.method == "PUT") {
    if (request_.method == "POST") {
      set(easy, CURLOPT_POST, 1L);
      set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_bytes_));
    } else {
      set(easy, CURLOPT_UPLOAD, 1L);
      set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(body_bytes_));
    }
    set(easy, CURLOPT_READFUNCTION, &Transfer::on_read);
    set(easy, CURLOPT_READDATA, static_cast<void*>(this));
    set(easy, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
    set(easy, CURLOPT_SEEKDATA, static_cast<void*>(this));
  } else if (request_.method != "GET") {
    set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  set(easy, CURLOPT_HTTPHEADER, headers_.get());
}

int Transfer::patience_ms() const {
  const auto left = [](Clock::time_point until) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count() + 1;
  };
  auto ms = std::min<std::int64_t>(kGlanceMs, options_.stall_ms);
  if (request_.deadline != Clock::time_point::max()) ms = std::min<std::int64_t>(ms, left(request_.deadline));
  return static_cast<int>(std::max<std::int64_t>(ms, 0));
}

void Transfer::check_time() const {
  const auto now = Clock::now();
  if (now >= request_.deadline) lost("does not answer in time");
  const bool computing = sent_ == body_bytes_ && !answered_;
  if (computing && request_.patient) return;
  // Connecting has a limit of its own, which may be longer.
  const auto limit =
      std::chrono::milliseconds(options_.stall_ms + (sent_ + header_bytes_ == 0 ? options_.connect_ms : 0));
  if (now - moved_ >= limit) lost(fmt::format("has been silent for {} s", (options_.stall_ms + 999) / 1000));
}

CURLcode Transfer::drive(const Handle& handle, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [&] { curl_multi_wakeup(handle.multi()); });
  while (true) {
    if (stop.stop_requested()) throw CancelledError("the call was called off");
    int running = 0, left = 0;
    if (curl_multi_perform(handle.multi(), &running) != CURLM_OK) lost("cannot be spoken to: libcurl gives up");
    while (const CURLMsg* message = curl_multi_info_read(handle.multi(), &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    check_time();
    if (curl_multi_poll(handle.multi(), nullptr, 0, patience_ms(), nullptr) != CURLM_OK) {
      lost("cannot be waited for: libcurl gives up");
    }
  }
}

Response Transfer::run(const Handle& handle, const std::stop_token& stop) {
  const SigpipeBlock quiet;
  set_up(handle.easy());
  if (curl_multi_add_handle(handle.multi(), handle.easy()) != CURLM_OK) throw IoError("libcurl takes no call");
  struct Removal {
    const Handle& handle;
    ~Removal() { curl_multi_remove_handle(handle.multi(), handle.easy()); }
  } removal{handle};
  const CURLcode code = drive(handle, stop);
  if (met_) std::rethrow_exception(met_);
  if (code != CURLE_OK) fail(code);
  // libcurl takes headers that end in the middle for all of them.
  if (!headed_) lost("broke off in the middle of an answer");
  return std::move(response_);
}

void Transfer::fail(CURLcode code) const {
  const std::string why = problem_[0] != 0 ? problem_ : curl_easy_strerror(code);
  if (is_distrust(code)) {
    throw RemoteError("untrusted", "the certificate of " + address_.url + " is not trusted: " + why +
                                       " (name the file of its authority: --ca, or ca_file)");
  }
  if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_BAD_CONTENT_ENCODING) {
    throw RemoteError("unexpected", address_.url + " does not speak HTTP: " + why);
  }
  lost("is not reached: " + why);
}

void Transfer::lost(const std::string& why) const {
  throw RemoteError("unreachable", "the server " + address_.url + " " + why, response_.status);
}

}  // namespace obscura::remote
