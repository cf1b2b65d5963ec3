#include "cli/passphrase_options.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <system_error>

#include "base/error.h"
#include "cli/console.h"
#include "cli/passphrase_prompt.h"

namespace fs = std::filesystem;

namespace obscura::cli {
namespace {

constexpr const char* kGroup = "Passphrase";

/// So much of a file is enough to see that it is too long.
constexpr std::size_t kMostRead = ckks::Passphrase::kLongest + 3;

class OpenFile {
 public:
  explicit OpenFile(const fs::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) throw IoError("cannot read " + path.string() + ": " + std::generic_category().message(errno));
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { ::close(fd_); }
  int fd() const { return fd_; }

 private:
  int fd_;
};

ckks::Passphrase from_file(const fs::path& path) {
  const OpenFile file(path);
  struct stat status {};
  if (::fstat(file.fd(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0) {
    note(path.string() + " can be read by others: chmod 600 it");
  }
  ckks::GuardedVector<char> text(kMostRead);
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(file.fd(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw IoError("cannot read " + path.string() + ": " + std::generic_category().message(errno));
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > 0 && text[length - 1] == '\n') --length;
  if (length > 0 && text[length - 1] == '\r') --length;
  if (length == 0) throw UsageError(path.string() + " holds no passphrase");
  return ckks::Passphrase({text.data(), length});
}

/// A copy of the process's environment can be read in /proc as long as it runs.
ckks::Passphrase from_environment(const std::string& variable) {
  char* const value = std::getenv(variable.c_str());  // NOLINT(concurrency-mt-unsafe): no thread runs yet
  if (value == nullptr || *value == 0) throw UsageError("$" + variable + " holds no passphrase");
  ckks::Passphrase passphrase{std::string_view(value)};
  sodium_memzero(value, std::strlen(value));
  ::unsetenv(variable.c_str());
  return passphrase;
}

ckks::Passphrase passphrase_for(const PassphraseOptions& options, const std::string& what, ckks::PassphraseUse use) {
  if (!options.file.empty()) return from_file(options.file);
  if (!options.variable.empty()) return from_environment(options.variable);
  if (options.ask || can_ask()) return ask_passphrase(what, use);
  throw UsageError(what + " is sealed with a passphrase: give it by --passphrase-file or --passphrase-env");
}

void add_sources(CLI::App& verb, PassphraseOptions& options, const std::string& prefix, const std::string& what) {
  auto* const file = verb.add_option("--" + prefix + "passphrase-file", options.file,
                                     what + ": what this file holds, without its line end; /dev/stdin is one, too");
  auto* const variable = verb.add_option("--" + prefix + "passphrase-env", options.variable,
                                         what + ": what this variable of the environment holds");
  file->group(kGroup);
  variable->excludes(file)->group(kGroup);
}

}  // namespace

void add_passphrase(CLI::App& verb, PassphraseOptions& options, bool makes) {
  add_sources(verb, options, "",
              makes ? "Passphrase of the secret key; what secrets are written now are sealed with it"
                    : "Passphrase of the secret key, if it is sealed (default: asked on a terminal)");
}

void add_ask_passphrase(CLI::App& verb, PassphraseOptions& options) {
  verb.add_flag("--ask-passphrase", options.ask,
                "Seal what secrets are written with a passphrase that is asked for here")
      ->excludes(verb.get_option("--passphrase-file"))
      ->excludes(verb.get_option("--passphrase-env"))
      ->group(kGroup);
}

OptionTable<ckks::Sealing> passphrase_rows(bool makes) {
  using V = ckks::Sealing;
  const std::string what = makes ? "Passphrase of the key; one that is made now is sealed with it"
                                 : "Passphrase of the key, if it is sealed (default: asked on a terminal)";
  OptionTable<V> table;
  table.group(kGroup);
  table.other("--passphrase-file", [what](CLI::App& verb, V& values) {
    values.passphrase = passphrase_of({});
    const auto take = [&values](const std::string& file) { values = sealing_of({file, {}, false}); };
    return verb.add_option_function<std::string>("--passphrase-file", take,
                                                 what + ": what this file holds, without its line end");
  });
  table.other("--passphrase-env", [what](CLI::App& verb, V& values) {
    const auto take = [&values](const std::string& variable) { values = sealing_of({{}, variable, false}); };
    return verb
        .add_option_function<std::string>("--passphrase-env", take,
                                          what + ": what this variable of the environment holds")
        ->excludes(verb.get_option("--passphrase-file"));
  });
  if (!makes) return table;
  table.other("--ask-passphrase", [](CLI::App& verb, V& values) {
    return verb
        .add_flag_callback(
            "--ask-passphrase",
            [&values] {
              values = sealing_of({{}, {}, true});
            },
            "Seal a key that is made now with a passphrase that is asked for here")
        ->excludes(verb.get_option("--passphrase-file"))
        ->excludes(verb.get_option("--passphrase-env"));
  });
  return table;
}

void add_new_passphrase(CLI::App& verb, PassphraseOptions& options) {
  add_sources(verb, options, "new-", "The passphrase from now on (default: asked on a terminal)");
}

ckks::PassphraseSource passphrase_of(const PassphraseOptions& options) {
  // A variable is wiped when it is read, and several files may be sealed with the same.
  const auto known = std::make_shared<std::optional<ckks::Passphrase>>();
  return [options, known](const std::string& what, ckks::PassphraseUse use) {
    if (!*known) known->emplace(passphrase_for(options, what, use));
    return **known;
  };
}

ckks::Sealing sealing_of(const PassphraseOptions& options) {
  return {passphrase_of(options), options.given()};
}

}  // namespace obscura::cli
