#include "serve/http/site.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "serve/failure.h"
#include "serve/http/descriptor.h"
#include "serve/http/static_reply.h"

namespace fs = std::filesystem;

namespace obscura::serve {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr const char* kIndex = "index.html";

struct Type {
  std::string_view end, type;
};

constexpr std::array kTypes = {
    Type{".html", "text/html; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".mjs", "text/javascript; charset=utf-8"},
    Type{".wasm", "application/wasm"},
    Type{".json", "application/json"},
    Type{".webmanifest", "application/manifest+json"},
    Type{".txt", "text/plain; charset=utf-8"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".jpg", "image/jpeg"},
    Type{".webp", "image/webp"},
    Type{".ico", "image/x-icon"},
    Type{".woff2", "font/woff2"},
};

/// Scripts, styles, pictures and calls of this origin alone; no script or style that stands in the page itself;
/// WebAssembly; no frame around it. The two about origins keep other pages' windows and files away from its memory.
constexpr std::array<std::pair<const char*, const char*>, 7> kRules = {{
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
     "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
     "form-action 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Embedder-Policy", "require-corp"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
}};

std::string tag_of(const Bytes& bytes) {
  std::array<unsigned char, 16> hash{};
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0);
  std::string text(2 * hash.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  text.pop_back();
  return text;
}

/// By gzip; empty where that is not worth it.
Bytes packed(const Bytes& bytes) {
  constexpr int kGzip = 15 + 16, kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  Bytes out(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return whole && out.size() + out.size() / 8 < bytes.size() ? out : Bytes{};
}

[[noreturn]] void fail_to_read(const fs::path& path) {
  throw IoError("cannot read " + path.string() + ": " + std::generic_category().message(errno));
}

/// Of a plain file, not through a link.
Bytes bytes_of(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat facts {};
  if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) fail_to_read(path);
  if (!S_ISREG(facts.st_mode)) throw FormatError(path.string() + " is no plain file: a page is made of files");
  if (static_cast<std::uint64_t>(facts.st_size) > Site::kMaxFileBytes) {
    throw FormatError(path.string() + " is larger than a file of a page may be, " +
                      std::to_string(Site::kMaxFileBytes >> 20) + " MiB");
  }
  Bytes bytes(static_cast<std::size_t>(facts.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count = ::read(file.get(), bytes.data() + at, bytes.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_to_read(path);
    if (count == 0) throw IoError(path.string() + " got shorter while it was read");
    at += static_cast<std::size_t>(count);
  }
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// "q=0", "q=0.0", ...: not wanted at all.
bool is_refused(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (parameters.size() < 3 || (parameters[0] != 'q' && parameters[0] != 'Q') || parameters[1] != '=') return false;
  return parameters.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

bool is_known(const Request& request, const std::string& tag) {
  const auto condition = request.headers.get("If-None-Match");
  return condition && matches_tag(*condition, tag);
}

}  // namespace

std::string_view web_type(std::string_view name) {
  for (const Type& type : kTypes) {
    if (name.size() > type.end.size() && name.ends_with(type.end)) return type.type;
  }
  return {};
}

bool accepts_gzip(std::string_view value) {
  bool any = false;
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    const std::string_view item = value.substr(0, comma);
    const std::size_t mark = item.find(';');
    const std::string_view coding = trimmed(item.substr(0, mark));
    const bool wanted = mark == std::string_view::npos || !is_refused(item.substr(mark + 1));
    if (equal_ignoring_case(coding, "gzip")) return wanted;
    if (coding == "*") any = wanted;
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
  return any;
}

Site::Site(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw IoError("the page's folder " + folder.string() + " is " +
                  (fs::exists(folder, error) ? "no folder" : "not there"));
  }
  fs::recursive_directory_iterator at(folder, error);
  for (const fs::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    const bool hidden = at->path().filename().string().starts_with('.');
    const fs::file_status status = at->symlink_status();
    if (fs::is_directory(status)) {
      if (hidden) at.disable_recursion_pending();
      if (at.depth() >= kMaxDepth) throw FormatError(at->path().string() + " is deeper than a page's folders may be");
    } else if (!hidden) {
      if (fs::is_symlink(status)) {
        throw FormatError(at->path().string() + " is a link: a page is served from plain files alone");
      }
      add(at->path(), at->path().lexically_relative(folder).generic_string());
    }
  }
  if (error) throw IoError("cannot read the folder " + folder.string() + ": " + error.message());
  if (files_.count(kIndex) == 0) {
    throw FormatError("the folder " + folder.string() + " is no page: it has no " + kIndex);
  }
}

void Site::add(const fs::path& path, const std::string& name) {
  const std::string_view type = web_type(name);
  if (type.empty()) {
    throw FormatError(path.string() + " is of a kind that is not served: a page has " +
                      "html, css, js, wasm, json, text, pictures and woff2");
  }
  File file{std::string(type), {}, bytes_of(path), {}};
  bytes_ += file.bytes.size();
  if (files_.size() == kMaxFiles || bytes_ > kMaxBytes) {
    throw FormatError("with " + path.string() + " the page has more than " + std::to_string(kMaxFiles) + " files or " +
                      std::to_string(kMaxBytes >> 20) + " MiB");
  }
  file.tag = tag_of(file.bytes);
  const bool is_packed_already =
      type == "image/png" || type == "image/jpeg" || type == "image/webp" || type == "font/woff2";
  if (!is_packed_already) file.packed = packed(file.bytes);
  files_.emplace(name, std::move(file));
}

const Site::File* Site::find(const std::vector<std::string>& path) const {
  std::string name;
  for (const std::string& part : path) {
    if (part.empty() || part.find('/') != std::string::npos) return nullptr;
    if (!name.empty()) name += '/';
    name += part;
  }
  const auto at = files_.find(path.empty() ? kIndex : name);
  return at == files_.end() ? nullptr : &at->second;
}

Reply Site::reply(const Request& request) const {
  const File* const file = find(request.path);
  if (file == nullptr) throw Failure(FailureCode::not_found, "the page has no such file");
  const auto accepted = request.headers.get("Accept-Encoding");
  const bool pack = !file->packed.empty() && accepted && accepts_gzip(*accepted);
  // Other bytes, another strong tag.
  const std::string tag = pack ? file->tag + "-gzip" : file->tag;
  Reply reply;
  if (is_known(request, tag)) {
    reply.status = 304;
  } else {
    reply = Reply(200, file->type, pack ? file->packed : file->bytes);
    if (pack) reply.add("Content-Encoding", "gzip");
  }
  reply.add("ETag", "\"" + tag + "\"");
  // Names stay and bytes change with the version: asked for again each time, and answered by 304.
  reply.add("Cache-Control", "no-cache");
  reply.add("Vary", "Accept-Encoding");
  for (const auto& [name, value] : kRules) reply.add(name, value);
  return reply;
}

}  // namespace obscura::serve
