#include "serve_http/raw_client.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

namespace obscura::serve {

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0) {
    throw std::runtime_error("no connection");
  }
}

bool RawClient::send(const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::send(socket_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (count <= 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

bool RawClient::more(std::chrono::milliseconds patience) {
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return false;
  char bytes[65536];
  const ssize_t count = ::recv(socket_.get(), bytes, sizeof(bytes), 0);
  if (count <= 0) return false;
  there_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string RawClient::all(std::chrono::milliseconds patience) {
  while (more(patience)) {
  }
  return std::exchange(there_, {});
}

bool RawClient::ends(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    char bytes[65536];
    if (::recv(socket_.get(), bytes, sizeof(bytes), 0) <= 0) return true;
  }
  return false;
}

RawReply RawClient::reply(bool head_only) {
  constexpr std::chrono::seconds kPatience{60};
  std::size_t end = 0;
  while ((end = there_.find("\r\n\r\n")) == std::string::npos) {
    if (!more(kPatience)) return {};
  }
  RawReply reply;
  reply.head = there_.substr(0, end + 2);
  there_.erase(0, end + 4);
  if (reply.head.rfind("HTTP/1.1 ", 0) != 0) return {};
  reply.status = std::stoi(reply.head.substr(9, 3));
  for (std::size_t at = reply.head.find("\r\n") + 2; at < reply.head.size();) {
    const std::size_t stop = reply.head.find("\r\n", at);
    const std::string line = reply.head.substr(at, stop - at);
    std::string name = line.substr(0, line.find(':'));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    reply.headers[name] = line.substr(line.find(':') + 2);
    at = stop + 2;
  }
  if (head_only || reply.status == 100 || reply.status == 304) return reply;
  const std::size_t length = reply.headers.count("content-length") ? std::stoul(reply.headers["content-length"]) : 0;
  while (there_.size() < length) {
    if (!more(kPatience)) return {};
  }
  reply.body = there_.substr(0, length);
  there_.erase(0, length);
  return reply;
}

std::string get(const std::string& path, const std::string& more) {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& more) {
  return "POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
         "\r\n" + body;
}

}  // namespace obscura::serve
