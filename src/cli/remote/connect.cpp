#include <cstdlib>
#include <optional>

#include "base/environment.h"
#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "cli/options.h"
#include "cli/remote/remote_verbs.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

/// The first line of the file.
std::string token_of(const fs::path& file) {
  constexpr std::size_t kLongest = 4096;
  const auto bytes = read_file(file, kLongest);
  const std::string text(bytes.begin(), bytes.end());
  const auto token = text.substr(0, text.find_first_of("\r\n"));
  if (token.empty()) throw UsageError(file.string() + " holds no token: expected what 'obscura token create' printed");
  return token;
}

std::string token_of(const ServerArguments& server) {
  if (!server.token.empty()) return server.token;
  return server.token_file.empty() ? environment("OBSCURA_TOKEN") : token_of(server.token_file);
}

/// One line after the other: keys on their way, a hint.
class Bar {
 public:
  void operator()(const std::string& what, std::uint64_t done, std::uint64_t total) {
    if (!progress_ || what != what_ || done < done_) {
      progress_.reset();
      progress_.emplace(what, static_cast<std::size_t>(total), "bytes");
      what_ = what, done_ = 0;
    }
    progress_->advance(static_cast<std::size_t>(done - done_));
    done_ = done;
    if (done >= total && total > 0) progress_.reset();
  }

 private:
  std::optional<Progress> progress_;
  std::string what_;
  std::uint64_t done_ = 0;
};

}  // namespace

void add_server(CLI::App& verb, ServerArguments& server) {
  constexpr const char* kServer = "Server";
  verb.add_option("--server", server.url, "Its URL: https://HOST:PORT, or http:// on this machine ($OBSCURA_SERVER)")
      ->group(kServer);
  auto* token = verb.add_option("--token", server.token,
                                "What 'obscura token create' printed; others on this machine can see what is typed: "
                                "prefer --token-file or $OBSCURA_TOKEN")
                    ->group(kServer);
  verb.add_option("--token-file", server.token_file, "A file with the token")->excludes(token)->group(kServer);
  verb.add_option("--ca", server.ca, "Certificates that are trusted (PEM), in the place of the system's")
      ->group(kServer);
}

std::unique_ptr<remote::Remote> connect(const ServerArguments& server) {
  const std::string url = server.url.empty() ? environment("OBSCURA_SERVER") : server.url;
  if (url.empty()) throw UsageError("no server is named: --server URL, or $OBSCURA_SERVER");
  remote::Options options;
  options.http.ca_file = server.ca;
  options.progress = [bar = std::make_shared<Bar>()](const std::string& what, std::uint64_t done, std::uint64_t total) {
    (*bar)(what, done, total);
  };
  return std::make_unique<remote::Remote>(url, token_of(server), std::move(options));
}

}  // namespace obscura::cli
