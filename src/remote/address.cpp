#include "remote/address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace obscura::remote {
namespace {

constexpr std::size_t kLongestUrl = 2048, kLongestToken = 1024;

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

/// Empty where the URL has no such part.
std::string part_of(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK || text == nullptr) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

bool is_loopback(const std::string& host) {
  // libcurl takes "localhost" for this machine, whatever a name server says (since 7.77).
  if (host == "localhost") return true;
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 127;
  in6_addr six{};
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return brackets && ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&six);
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

Address parse_address(const std::string& text) {
  const std::string shown = text.size() > 100 ? text.substr(0, 100) + "..." : text;
  const auto refuse = [&](const std::string& what) {
    throw UsageError("the server is '" + shown + "', " + what + ": expected http://HOST:PORT or https://HOST:PORT");
  };
  if (text.empty() || text.size() > kLongestUrl) refuse("which is no URL");
  const Url url(curl_url());
  if (!url) throw IoError("out of memory for a URL");
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) refuse("which is no URL");
  const std::string scheme = part_of(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") refuse("whose scheme is " + scheme.substr(0, 20));
  if (!part_of(url, CURLUPART_USER).empty() || !part_of(url, CURLUPART_PASSWORD).empty()) {
    throw UsageError("the server's URL names a user or a password, which servers of Obscura do not have: give a token");
  }
  if (!part_of(url, CURLUPART_QUERY).empty() || !part_of(url, CURLUPART_FRAGMENT).empty()) {
    refuse("which has a query or a fragment");
  }
  Address address;
  address.host = part_of(url, CURLUPART_HOST);
  address.encrypted = scheme == "https";
  address.loopback = is_loopback(address.host);
  address.url = part_of(url, CURLUPART_URL);
  while (address.url.ends_with('/')) address.url.pop_back();
  return address;
}

void check_token(const Address& address, const std::string& token) {
  if (token.empty()) return;
  const auto is_mark = [](char c) { return c > ' ' && c < 0x7f; };
  if (token.size() > kLongestToken || !std::ranges::all_of(token, is_mark)) {
    throw UsageError("the token is none: expected what 'obscura token create' printed, without spaces or line ends");
  }
  if (address.encrypted || address.loopback) return;
  throw UsageError("the token would go to " + address.host +
                   " in the clear, where others can read it: use https (plain http is for this machine alone)");
}

std::string path_part(const std::string& name) {
  std::string out;
  for (const char c : name) {
    out += is_plain(c) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  // A dot by itself is a place in a path, not a name.
  if (out == "." || out == "..") return out == "." ? "%2E" : "%2E%2E";
  return out;
}

}  // namespace obscura::remote
