#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace obscura::remote {

/// What came, as it came.
struct Heard {
  std::string method, path, body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

/// What goes back, byte by byte: whole(...) makes it, and tests spoil it.
struct Said {
  std::string bytes;
  bool close = false;   ///< behind it
  bool silent = false;  ///< the connection stays open, and nothing more comes
};

inline Said whole(int status, const std::string& body, const std::string& headers = "") {
  return {"HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
          headers + "\r\n" + body};
}

inline Said failure(int status, const std::string& code, const std::string& more = "",
                    const std::string& headers = "") {
  return whole(status, R"({"error":"it is so","code":")" + code + "\"" + more + "}", headers);
}

/// A server of the test's own, on a port of the system's choice: says to each request what the test wants. One
/// connection after the other is spoken with, in a thread.
class ScriptedServer {
 public:
  using Script = std::function<Said(const Heard&)>;
  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 16) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
      throw std::runtime_error("no port for a test's server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    over_ = true;
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<Heard> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  void run() {
    while (!over_) {
      if (!comes(listener_)) continue;
      const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) continue;
      std::string kept;
      while (!over_ && speak(peer, kept)) {
      }
      ::close(peer);
    }
  }

  static bool comes(int fd) {
    pollfd one{fd, POLLIN, 0};
    return ::poll(&one, 1, 20) == 1;
  }

  /// More of what comes; false when nothing will.
  bool more(int peer, std::string& kept) const {
    while (!over_) {
      if (!comes(peer)) continue;
      char some[65536];
      const auto got = ::recv(peer, some, sizeof some, 0);
      if (got <= 0) return false;
      kept.append(some, static_cast<std::size_t>(got));
      return true;
    }
    return false;
  }

  static Heard head_of(const std::string& text) {
    Heard heard;
    const auto space = text.find(' '), second = text.find(' ', space + 1);
    heard.method = text.substr(0, space), heard.path = text.substr(space + 1, second - space - 1);
    for (auto at = text.find("\r\n") + 2; at < text.size();) {
      const auto end = text.find("\r\n", at), colon = text.find(':', at);
      if (end == std::string::npos || end == at) break;
      std::string name = text.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      const auto value = text.find_first_not_of(' ', colon + 1);
      heard.headers[name] = text.substr(value, end - value);
      at = end + 2;
    }
    return heard;
  }

  bool speak(int peer, std::string& kept) {
    std::size_t end = 0;
    while ((end = kept.find("\r\n\r\n")) == std::string::npos) {
      if (!more(peer, kept)) return false;
    }
    Heard heard = head_of(kept.substr(0, end + 2));
    kept.erase(0, end + 4);
    const auto length = heard.headers.find("content-length");
    const std::size_t size = length == heard.headers.end() ? 0 : std::stoul(length->second);
    while (kept.size() < size) {
      if (!more(peer, kept)) return false;
    }
    heard.body = kept.substr(0, size);
    kept.erase(0, size);
    {
      const std::lock_guard lock(mutex_);
      heard_.push_back(heard);
    }
    const Said said = script_(heard);
    std::string_view left = said.bytes;
    while (!left.empty()) {
      const auto sent = ::send(peer, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    while (said.silent && !over_) {
      std::string rest;
      if (!more(peer, rest)) return false;
    }
    return !said.close;
  }

  Script script_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> over_ = false;
  mutable std::mutex mutex_;
  std::vector<Heard> heard_;
  std::thread thread_;
};

/// The n-th request gets the n-th of these; further ones the last.
inline ScriptedServer::Script one_by_one(std::vector<Said> said) {
  return [said = std::move(said), next = std::size_t{0}](const Heard&) mutable {
    const auto& one = said[std::min(next, said.size() - 1)];
    ++next;
    return one;
  };
}

}  // namespace obscura::remote
