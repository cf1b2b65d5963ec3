#include "serve/http/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "serve/failure.h"
#include "serve/http/rest_front.h"
#include "serve/support.h"
#include "serve_http/raw_client.h"
#include "support/temporary.h"

namespace fs = std::filesystem;

namespace obscura::serve {
namespace {

using ::testing::HasSubstr;
using testing::Place;

const std::string kHtml = "<!doctype html><title>page</title>";

class SiteFiles : public ::testing::Test {
 protected:
  SiteFiles() { put("index.html", kHtml); }
  void put(const std::string& name, const std::string& text) {
    fs::create_directories((root() / name).parent_path());
    write_file(root() / name, std::string_view(text));
  }
  fs::path root() const { return folder_ / "site"; }
  void expect_refused(const std::string& part) const {
    try {
      const Site site(root());
      FAIL() << "taken, where '" << part << "' was expected";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(part));
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }

  TemporaryFolder folder_;
};

TEST_F(SiteFiles, AreReadOnceAndNoOthersAreThere) {
  put("client/a.wasm", std::string("\0asm", 4));
  put(".hidden/index.html", "x"), put(".env", "x"), put("client/.git", "x");
  const Site site(root());
  EXPECT_EQ(site.files(), 2U);
  EXPECT_EQ(site.bytes(), kHtml.size() + 4);
  put("late.js", "late");
  fs::remove(root() / "client/a.wasm");
  EXPECT_TRUE(site.has({})) << "the page itself";
  EXPECT_TRUE(site.has({"client", "a.wasm"})) << "read before it was removed";
  using Path = std::vector<std::string>;
  for (const Path& none :
       {Path{"late.js"}, Path{".env"}, Path{".hidden", "index.html"}, Path{"client"}, Path{"client", ".git"},
        Path{"client", "..", "index.html"}, Path{"..", "site", "index.html"}, Path{"Index.html"},
        Path{"client/a.wasm", ""}, Path{"", "index.html"}, Path{"index.html", ""}}) {
    EXPECT_FALSE(site.has(none)) << none.front();
  }
}

TEST_F(SiteFiles, OfOtherKindsAreRefused) {
  put("notes.md", "x");
  expect_refused("notes.md is of a kind that is not served");
  fs::remove(root() / "notes.md");
  put("js", "x");
  expect_refused("of a kind that is not served");
  fs::remove(root() / "js");
  fs::create_symlink("/etc/passwd", root() / "passwd.txt");
  expect_refused("passwd.txt is a link");
  fs::remove(root() / "passwd.txt");
  fs::create_directory_symlink("/etc", root() / "etc");
  expect_refused("is a link");
  fs::remove(root() / "etc");
  ASSERT_EQ(::mkfifo((root() / "pipe.js").c_str(), 0600), 0);
  expect_refused("no plain file");
  fs::remove(root() / "pipe.js");
  fs::remove(root() / "index.html");
  expect_refused("it has no index.html");
  EXPECT_THROW(Site(folder_ / "none"), IoError);
  write_file(folder_ / "file", std::string_view("x"));
  EXPECT_THROW(Site(folder_ / "file"), IoError);
}

TEST_F(SiteFiles, AreBounded) {
  put("large.js", "");
  fs::resize_file(root() / "large.js", Site::kMaxFileBytes + 1);
  expect_refused("larger than a file of a page may be, 16 MiB");
  fs::remove(root() / "large.js");
  for (std::size_t i = 0; i < Site::kMaxFiles; ++i) put("many/" + std::to_string(i) + ".js", "");
  expect_refused("more than 256 files");
  fs::remove_all(root() / "many");
  put("1/2/3/4/5/6/7/8/9/deep.js", "");
  expect_refused("deeper");
}

TEST(SiteTypes, AreThoseOfBrowsers) {
  EXPECT_EQ(web_type("a.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(web_type("a/b.wasm"), "application/wasm") << "else it is not compiled as it comes";
  EXPECT_EQ(web_type("index.html"), "text/html; charset=utf-8");
  for (const char* none : {"", "a", ".js", "a.php", "a.js.bak", "a.JS", "a.exe", "a.key"}) {
    EXPECT_EQ(web_type(none), "") << none;
  }
}

TEST(SiteTypes, GzipIsForWhoTakesIt) {
  for (const char* yes : {"gzip", "br, gzip", "GZIP;q=0.5", "*", "deflate,*;q=0.1", " gzip ", "gzip;q=1"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.000", "gzip;q=0,*", "*;q=0", "xgzip", "identity"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

/// The page in front of a service.
class Web : public SiteFiles {
 protected:
  Web() {
    put("client/obscura.wasm", std::string("\0asm", 4) + std::string(4000, '\7'));
    put("page.js", "export {};"), put("v2/models.json", "{}"), put("v2.txt", "x"), put("metrics.txt", "x");
    RestOptions options;
    options.http.listen = "127.0.0.1:0";
    options.site = std::make_shared<const Site>(root());
    service_ = std::make_unique<Service>(place_.options());
    front_ = std::make_unique<RestFront>(*service_, options);
  }
  RawReply ask(const std::string& bytes, bool head = false) const {
    RawClient client(front_->port());
    client.send(bytes);
    return client.reply(head);
  }

  Place place_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<RestFront> front_;
};

TEST_F(Web, IsServedWithItsRules) {
  const RawReply page = ask(get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, kHtml);
  for (const char* path : {"/", "/index.html", "/page.js", "/client/obscura.wasm"}) {
    const RawReply file = ask(get(path));
    ASSERT_EQ(file.status, 200) << path;
    const std::string rules = file.headers.at("content-security-policy");
    EXPECT_EQ(rules.rfind("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';", 0), 0U);
    EXPECT_THAT(rules, HasSubstr("frame-ancestors 'none'"));
    EXPECT_EQ(rules.find("unsafe-inline"), std::string::npos);
    EXPECT_EQ(file.headers.at("cross-origin-opener-policy"), "same-origin");
    EXPECT_EQ(file.headers.at("cross-origin-embedder-policy"), "require-corp");
    EXPECT_EQ(file.headers.at("cross-origin-resource-policy"), "same-origin");
    EXPECT_EQ(file.headers.at("x-content-type-options"), "nosniff");
    EXPECT_EQ(file.headers.at("referrer-policy"), "no-referrer");
    EXPECT_EQ(file.headers.at("cache-control"), "no-cache");
  }
  EXPECT_EQ(ask(get("/client/obscura.wasm")).headers.at("content-type"), "application/wasm");
}

TEST_F(Web, StandsBesideTheProtocol) {
  EXPECT_EQ(ask(get("/v2/health/live")).body, "{\"live\":true}");
  EXPECT_EQ(ask(get("/v2/models")).status, 401) << "the page has no say in what is the protocol's";
  EXPECT_THAT(ask(get("/status")).body, HasSubstr("small")) << "what is at / without a page";
  EXPECT_THAT(ask(get("/metrics")).body, HasSubstr("obscura_requests_total"));
  EXPECT_EQ(ask(get("/v2/models.json")).status, 200) << "a file that hides nothing";
  EXPECT_EQ(ask(get("/nothing")).status, 404);
}

TEST_F(Web, IsKnownByItsTag) {
  const RawReply first = ask(get("/page.js"));
  const std::string tag = first.headers.at("etag");
  const RawReply again = ask(get("/page.js", "If-None-Match: " + tag + "\r\n"));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.headers.at("etag"), tag);
  EXPECT_EQ(again.headers.count("content-security-policy"), 1U) << "what a cache keeps is renewed";
  EXPECT_EQ(ask(get("/page.js", "If-None-Match: \"other\"\r\n")).status, 200);
  const RawReply head = ask("HEAD /page.js HTTP/1.1\r\nHost: t\r\n\r\n", true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), std::to_string(first.body.size()));
  EXPECT_EQ(head.headers.at("etag"), tag);
}

TEST_F(Web, IsPackedForWhoTakesIt) {
  const RawReply whole = ask(get("/client/obscura.wasm"));
  const RawReply packed = ask(get("/client/obscura.wasm", "Accept-Encoding: br, gzip\r\n"));
  ASSERT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.headers.at("vary"), "Accept-Encoding");
  EXPECT_EQ(packed.headers.at("content-type"), "application/wasm");
  EXPECT_LT(packed.body.size(), whole.body.size());
  EXPECT_NE(packed.headers.at("etag"), whole.headers.at("etag")) << "other bytes";
  std::string out(whole.body.size() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string in = packed.body;
  stream.next_in = reinterpret_cast<Bytef*>(in.data()), stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data()), stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(out, whole.body);
  EXPECT_EQ(ask(get("/page.js", "Accept-Encoding: gzip\r\n")).headers.count("content-encoding"), 0U)
      << "it would not be smaller";
}

TEST_F(Web, HasNoWayOut) {
  write_file(folder_ / "outside.txt", std::string_view("secret"));
  put("link.txt", "x");  // not there when it was read
  for (const char* path : {"/../outside.txt",
                           "/%2e%2e/outside.txt",
                           "/client/../../outside.txt",
                           "/client/..%2f..%2foutside.txt",
                           "/..%5coutside.txt",
                           "//etc/passwd",
                           "/client//obscura.wasm",
                           "/./page.js",
                           "/%00page.js",
                           "/page.js%00.html",
                           "/page.js%2f",
                           "/client%2fobscura.wasm",
                           "/page.js/x",
                           "/client",
                           "/client/",
                           "/link.txt",
                           "/index.html/..",
                           "/%c0%ae%c0%ae/outside.txt",
                           "/page.js;x",
                           "/.env",
                           "/PAGE.JS",
                           "/page.js%20",
                           "/page.js.",
                           "/~root"}) {
    const RawReply reply = ask(get(path));
    EXPECT_TRUE(reply.status == 400 || reply.status == 404) << path << " " << reply.status;
    EXPECT_EQ(reply.body.find("secret"), std::string::npos) << path;
  }
  EXPECT_EQ(ask(get("/page.js?x=../../y")).status, 200) << "a query changes nothing";
}

TEST_F(Web, IsReadAlone) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"}) {
    std::string request = post("/page.js", "x");
    const RawReply reply = ask(request.replace(0, 4, method));
    EXPECT_GE(reply.status, 400) << method;
    EXPECT_EQ(reply.body.find("export"), std::string::npos) << method;
  }
  const RawReply wrong = ask(post("/", "x"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "GET, HEAD");
  EXPECT_EQ(ask("GET /page.js HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx").status, 400) << "no body";
}

TEST(WebOff, IsOffUnlessAskedFor) {
  Place place;
  RestOptions options;
  options.http.listen = "127.0.0.1:0";
  Service service(place.options());
  const RestFront front(service, options);
  for (const auto& [path, status] : {std::pair("/index.html", 404), std::pair("/", 200), std::pair("/status", 200)}) {
    RawClient client(front.port());
    client.send(get(path));
    EXPECT_EQ(client.reply().status, status) << path;
  }
}

}  // namespace
}  // namespace obscura::serve
