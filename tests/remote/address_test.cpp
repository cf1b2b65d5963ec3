#include "remote/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remote/support.h"

namespace obscura::remote {
namespace {

using testing::HasSubstr;

TEST(Address, KeepsABaseAndNothingBehindIt) {
  const auto address = parse_address("https://example.org:8443/base/");
  EXPECT_EQ(address.url, "https://example.org:8443/base");
  EXPECT_TRUE(address.encrypted);
  EXPECT_FALSE(address.loopback);
  EXPECT_EQ(parse_address("http://127.0.0.1:80").url.substr(0, 16), "http://127.0.0.1");
}

TEST(Address, KnowsThisMachine) {
  for (const char* url : {"http://localhost:1", "http://127.0.0.1:1", "http://127.1.2.3", "http://[::1]:1"}) {
    EXPECT_TRUE(parse_address(url).loopback) << url;
  }
  for (const char* url : {"http://localhost.example.org", "http://127.0.0.1.example.org", "http://128.0.0.1",
                          "http://[::2]:1", "http://0.0.0.0", "http://10.0.0.1", "http://[::ffff:10.0.0.1]"}) {
    EXPECT_FALSE(parse_address(url).loopback) << url;
  }
}

TEST(Address, RefusesWhatIsNoServer) {
  for (const char* url : {"", "ftp://example.org", "file:///etc/passwd", "http://", "http://u:p@example.org",
                          "http://example.org?x=1", "http://example.org/#x", "http://exa mple.org", "example"}) {
    EXPECT_THROW(parse_address(url), UsageError) << url;
  }
  EXPECT_THROW(parse_address("http://" + std::string(5000, 'a')), UsageError);
}

TEST(Address, SendsATokenToThisMachineOrByTlsAlone) {
  EXPECT_NO_THROW(check_token(parse_address("http://127.0.0.1:1"), "obs_x"));
  EXPECT_NO_THROW(check_token(parse_address("https://example.org"), "obs_x"));
  EXPECT_NO_THROW(check_token(parse_address("http://example.org"), ""));
  EXPECT_THROW(check_token(parse_address("http://example.org"), "obs_x"), UsageError);
  EXPECT_THROW(Remote("http://10.1.2.3:9", "obs_x"), UsageError);
}

TEST(Address, RefusesATokenThatWouldBeAnotherHeader) {
  const auto address = parse_address("https://example.org");
  for (const std::string token : {"a\r\nX: y", "a b", "a\n", "\xc3\xa9"}) {
    EXPECT_THROW(check_token(address, token), UsageError) << token;
  }
  EXPECT_THROW(check_token(address, std::string(2000, 'a')), UsageError);
}

TEST(Address, NamesAreOnePartOfAPath) {
  EXPECT_EQ(path_part("tenseal-mnist_1.0~"), "tenseal-mnist_1.0~");
  EXPECT_EQ(path_part("a/b?c#d e"), "a%2Fb%3Fc%23d%20e");
  EXPECT_EQ(path_part(".."), "%2E%2E");
  EXPECT_EQ(path_part("\xc3\xa9"), "%C3%A9");
}

}  // namespace
}  // namespace obscura::remote
