#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http/reply.h"
#include "serve/http/request.h"

namespace obscura::serve {

/// The files of a web page, all read at once: what was not in the folder then cannot be asked for, whatever a path
/// says and whatever becomes of the folder. Thread-safe.
class Site {
 public:
  static constexpr std::size_t kMaxFiles = 256, kMaxFileBytes = std::size_t{16} << 20;
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
  static constexpr int kMaxDepth = 8;

  /// Hidden files and folders (".name") are left out. Throws IoError where the folder or a file cannot be read,
  /// FormatError for a folder that is no page (index.html is missing), has links or other things that are no files,
  /// files of a kind that a page has no use for, or more than the limits above.
  explicit Site(const std::filesystem::path& folder);

  /// Whether there is something at this path (http/target.h); an empty one is index.html.
  bool has(const std::vector<std::string>& path) const { return find(path) != nullptr; }
  /// GET and HEAD: all of the file, compressed where the client takes that and it is smaller; 304 where the client has
  /// it (If-None-Match). Every answer has the rules of the page: what it may load, and from where. Throws Failure
  /// (not_found) for a path that it does not have.
  Reply reply(const Request& request) const;

  std::size_t files() const { return files_.size(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct File {
    std::string type, tag;
    std::vector<std::uint8_t> bytes, packed;  ///< packed: by gzip; empty: not smaller
  };

  void add(const std::filesystem::path& file, const std::string& name);
  const File* find(const std::vector<std::string>& path) const;

  std::map<std::string, File, std::less<>> files_;  ///< "client/obscura.wasm"
  std::uint64_t bytes_ = 0;
};

/// The Content-Type of a file by the end of its name; empty: no page has use for it.
std::string_view web_type(std::string_view name);

/// Whether a header field Accept-Encoding (RFC 9110, 12.5.3) takes gzip.
bool accepts_gzip(std::string_view value);

}  // namespace obscura::serve
