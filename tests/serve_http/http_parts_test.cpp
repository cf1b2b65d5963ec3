#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/error.h"
#include "serve/http/framing.h"
#include "serve/http/listen.h"
#include "serve/http/static_reply.h"
#include "serve/http/target.h"
#include "support/temporary.h"

namespace obscura::serve {
namespace {

using Path = std::vector<std::string>;

TEST(Target, IsTakenApart) {
  const Target target = parse_target("/v2/models/a%20b/infer/?x=1&y&z=%C3%A4");
  EXPECT_EQ(target.path, (Path{"v2", "models", "a b", "infer"}));
  ASSERT_EQ(target.query.size(), 3u);
  EXPECT_EQ(target.query[1], (std::pair<std::string, std::string>("y", "")));
  EXPECT_EQ(target.query[2].second, "\xc3\xa4");
  EXPECT_TRUE(parse_target("/").path.empty());
  EXPECT_EQ(parse_target("/v2").path, parse_target("/v2/").path);
}

TEST(Target, ThatIsNotPlainIsRefused) {
  for (const std::string text :
       {"",     "*",         "http://host/v2", "v2",     "//",   "/a//b",   "/a//",       "/../x",
        "/a/.", "/%2e%2e/x", "/a%2Fb",         "/a%5cb", "/%00", "/%0d%0a", "/%",         "/%4",
        "/%zz", "/a b",      "/a#b",           "/\x01",  "/%ff", "/%c0%af", "/%ed%a0%80", "/x?%0a"}) {
    EXPECT_THROW(parse_target(text), FormatError) << text;
  }
  EXPECT_THROW(parse_target("/" + std::string(5000, 'a')), FormatError);
}

Request with(const std::vector<std::pair<std::string, std::string>>& fields) {
  Request request;
  request.method = "POST";
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return request;
}

TEST(Framing, OfPlainRequests) {
  Request sized = with({{"host", "x"}, {"content-length", "12"}});
  check_framing(sized, false);
  EXPECT_EQ(sized.content_length, 12u);
  EXPECT_TRUE(sized.has_body());
  Request chunked = with({{"Host", "x"}, {"Transfer-Encoding", "Chunked"}});
  check_framing(chunked, false);
  EXPECT_TRUE(chunked.chunked);
  Request old = with({});
  check_framing(old, true);
  EXPECT_FALSE(old.has_body());
}

TEST(Framing, WithADoubtIsRefused) {
  using Fields = std::vector<std::pair<std::string, std::string>>;
  for (const Fields& fields :
       {Fields{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}},
        Fields{{"Content-Length", "5"}, {"Content-Length", "5"}}, Fields{{"Content-Length", "+5"}},
        Fields{{"Content-Length", "5, 5"}}, Fields{{"Content-Length", "99999999999999999999"}},
        Fields{{"Content-Length", ""}}, Fields{{"Content-Length", "-1"}},
        Fields{{"Transfer-Encoding", "gzip, chunked"}}, Fields{{"Transfer-Encoding", "xchunked"}},
        Fields{{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "x"}}, Fields{{"Host", "y"}},
        Fields{{"Bad Name", "x"}}, Fields{{"Content-Length ", "5"}}, Fields{{"X", "a\rb"}}, Fields{{"", "x"}}}) {
    Fields all{{"Host", "x"}};
    all.insert(all.end(), fields.begin(), fields.end());
    Request request = with(all);
    EXPECT_THROW(check_framing(request, false), FormatError) << fields[0].first << ": " << fields[0].second;
  }
  Request hostless = with({});
  EXPECT_THROW(check_framing(hostless, false), FormatError);
  Request old = with({{"Transfer-Encoding", "chunked"}});
  EXPECT_THROW(check_framing(old, true), FormatError);
}

TEST(Framing, FieldsFillTheHeaderOrThereIsSomethingBetween) {
  const std::string header("\0\0A\0 1\0\0B\0\0\0\0\0", 14);
  const std::string_view all(header);
  const std::vector<FieldView> fields{{all.substr(2, 1), all.substr(5, 1)}, {all.substr(8, 1), all.substr(10, 0)}};
  EXPECT_TRUE(fills_header(all, fields));
  EXPECT_FALSE(fills_header(all, std::vector<FieldView>{fields[0]}));
  EXPECT_FALSE(fills_header(all, std::vector<FieldView>{fields[1]}));
  EXPECT_FALSE(fills_header(all.substr(0, 12), fields));
  const std::string elsewhere = "A";
  EXPECT_FALSE(fills_header(all, std::vector<FieldView>{{std::string_view(elsewhere), fields[0].second}, fields[1]}));
  EXPECT_TRUE(fills_header(std::string_view("\0\0\0\0", 4), {}));
  EXPECT_FALSE(fills_header(std::string_view("\0\0", 2), {}));
}

TEST(Range, OfAFile) {
  const auto range = [](const char* text) { return std::get<FileRange>(parse_range(text, 100)); };
  EXPECT_EQ(range("bytes=0-9").last, 9u);
  EXPECT_EQ(range("bytes=90-").first, 90u);
  EXPECT_EQ(range("bytes=90-1000").last, 99u);
  EXPECT_EQ(range("bytes=-5").first, 95u);
  EXPECT_EQ(range("bytes=-500").first, 0u);
  for (const char* none : {"bytes=100-", "bytes=-0"}) {
    EXPECT_TRUE(std::holds_alternative<NoSuchRange>(parse_range(none, 100))) << none;
  }
  for (const char* odd : {"bytes=", "bytes=x-", "bytes=5-2", "lines=1-2", "bytes=1-2,5-6", "bytes=--", "bytes=-x"}) {
    EXPECT_TRUE(std::holds_alternative<WholeFile>(parse_range(odd, 100))) << odd;
  }
}

TEST(Tag, IsFoundAmongSeveral) {
  EXPECT_TRUE(matches_tag("\"abc\"", "abc"));
  EXPECT_TRUE(matches_tag("\"x\", W/\"abc\"", "abc"));
  EXPECT_TRUE(matches_tag("*", "abc"));
  EXPECT_FALSE(matches_tag("abc", "abc"));
  EXPECT_FALSE(matches_tag("\"abcd\", \"ab\"", "abc"));
}

TEST(StaticReply, OfBytesInParts) {
  Request request = with({{"Range", "bytes=2-3"}});
  request.method = "GET";
  const Reply part = static_reply(request, std::vector<std::uint8_t>{1, 2, 3, 4, 5}, "t", "x/y");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(std::get<0>(part.body), (std::vector<std::uint8_t>{3, 4}));
  request.headers.add("If-Range", "\"other\"");
  EXPECT_EQ(static_reply(request, std::vector<std::uint8_t>{1, 2, 3, 4, 5}, "t", "x/y").status, 200);
  EXPECT_THROW(static_reply(request, std::filesystem::path("/nowhere/at/all"), "t", "x/y"), IoError);
}

TEST(Listen, AtAddressesThatAreNone) {
  for (const char* address : {"", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:99999", "::1:80",
                              "no host has such a name:80"}) {
    EXPECT_THROW(listen_at(address), UsageError) << address;
  }
  EXPECT_THROW(listen_at("192.0.2.1:0"), IoError);
}

TEST(Listen, KnowsWhoIsOnThisMachine) {
  sockaddr_in narrow{};
  narrow.sin_family = AF_INET;
  narrow.sin_addr.s_addr = htonl(0x7f010203);
  EXPECT_TRUE(peer_of(reinterpret_cast<sockaddr*>(&narrow)).loopback);
  narrow.sin_addr.s_addr = htonl(0x80010203);
  EXPECT_FALSE(peer_of(reinterpret_cast<sockaddr*>(&narrow)).loopback);
  sockaddr_in6 wide{};
  wide.sin6_family = AF_INET6;
  inet_pton(AF_INET6, "::ffff:127.0.0.1", &wide.sin6_addr);
  EXPECT_TRUE(peer_of(reinterpret_cast<sockaddr*>(&wide)).loopback);
  EXPECT_EQ(counted_as(reinterpret_cast<sockaddr*>(&wide)), "127.0.0.1");
  inet_pton(AF_INET6, "2001:db8:1:2:3:4:5:6", &wide.sin6_addr);
  EXPECT_FALSE(peer_of(reinterpret_cast<sockaddr*>(&wide)).loopback);
  EXPECT_EQ(counted_as(reinterpret_cast<sockaddr*>(&wide)), "2001:db8:1:2::");
}

}  // namespace
}  // namespace obscura::serve
