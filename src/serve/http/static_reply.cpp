#include "serve/http/static_reply.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "base/error.h"

namespace obscura::serve {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string quoted(const std::string& tag) {
  return "\"" + tag + "\"";
}

Reply& add_validators(Reply& reply, const std::string& tag) {
  reply.add("ETag", quoted(tag));
  reply.add("Cache-Control", "private, max-age=31536000, immutable");
  return reply.add("Accept-Ranges", "bytes");
}

/// If-Range: a part is only of use to who has the rest of the same file.
RangeWanted wanted_of(const Request& request, std::uint64_t size, const std::string& tag) {
  const auto range = request.headers.get("Range");
  const auto condition = request.headers.get("If-Range");
  if (!range || request.method != "GET") return WholeFile{};
  if (condition && trimmed(*condition) != quoted(tag)) return WholeFile{};
  return parse_range(*range, size);
}

bool is_known(const Request& request, const std::string& tag) {
  const auto condition = request.headers.get("If-None-Match");
  return condition && matches_tag(*condition, tag);
}

Reply not_modified(const std::string& tag) {
  Reply reply;
  reply.status = 304;
  add_validators(reply, tag);
  return reply;
}

Reply no_such_range(std::uint64_t size) {
  Reply reply =
      error_reply(416, "bad_request", "the range is not in the file, which has " + std::to_string(size) + " bytes");
  reply.add("Content-Range", "bytes */" + std::to_string(size));
  return reply;
}

std::string content_range(const FileRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(size);
}

FilePart open_file(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!file) throw IoError("a file that is to be sent cannot be opened: " + std::generic_category().message(errno));
  if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    throw IoError("a file that is to be sent is not a plain file");
  }
  return FilePart{std::move(file), 0, static_cast<std::uint64_t>(facts.st_size)};
}

}  // namespace

RangeWanted parse_range(std::string_view value, std::uint64_t size) {
  value = trimmed(value);
  constexpr std::string_view kUnit = "bytes=";
  if (value.size() <= kUnit.size() || !equal_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return WholeFile{};
  value = trimmed(value.substr(kUnit.size()));
  const std::size_t dash = value.find('-');
  if (dash == std::string_view::npos || value.find(',') != std::string_view::npos) return WholeFile{};
  const auto first = number_in(value.substr(0, dash));
  const auto last = number_in(value.substr(dash + 1));
  const bool open = dash + 1 == value.size();
  if (dash == 0) {  // so many bytes at the end
    if (!last) return WholeFile{};
    if (*last == 0 || size == 0) return NoSuchRange{};
    return FileRange{size - std::min(*last, size), size - 1};
  }
  if (!first || (!open && !last) || (last && *last < *first)) return WholeFile{};
  if (*first >= size) return NoSuchRange{};
  return FileRange{*first, open ? size - 1 : std::min(*last, size - 1)};
}

bool matches_tag(std::string_view value, std::string_view tag) {
  value = trimmed(value);
  if (value == "*") return true;
  while (!value.empty()) {
    const std::size_t comma = value.find(',');
    std::string_view item = trimmed(value.substr(0, comma));
    if (item.substr(0, 2) == "W/") item.remove_prefix(2);
    if (item.size() == tag.size() + 2 && item.front() == '"' && item.back() == '"' &&
        item.substr(1, tag.size()) == tag) {
      return true;
    }
    value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
  }
  return false;
}

Reply static_reply(const Request& request, const std::filesystem::path& file, const std::string& tag,
                   const std::string& type) {
  FilePart part = open_file(file);
  const std::uint64_t size = part.size;
  if (is_known(request, tag)) return not_modified(tag);
  const RangeWanted wanted = wanted_of(request, size, tag);
  if (std::holds_alternative<NoSuchRange>(wanted)) return no_such_range(size);
  Reply reply;
  reply.add("Content-Type", type);
  add_validators(reply, tag);
  if (const auto* range = std::get_if<FileRange>(&wanted)) {
    reply.status = 206;
    reply.add("Content-Range", content_range(*range, size));
    part.offset = range->first;
    part.size = range->last - range->first + 1;
  }
  reply.body = std::move(part);
  return reply;
}

Reply static_reply(const Request& request, std::vector<std::uint8_t> bytes, const std::string& tag,
                   const std::string& type) {
  if (is_known(request, tag)) return not_modified(tag);
  const RangeWanted wanted = wanted_of(request, bytes.size(), tag);
  if (std::holds_alternative<NoSuchRange>(wanted)) return no_such_range(bytes.size());
  const auto* range = std::get_if<FileRange>(&wanted);
  const std::uint64_t size = bytes.size();
  if (range != nullptr) {
    bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(range->last) + 1, bytes.end());
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(range->first));
  }
  Reply reply(range != nullptr ? 206 : 200, type, std::move(bytes));
  add_validators(reply, tag);
  if (range != nullptr) reply.add("Content-Range", content_range(*range, size));
  return reply;
}

}  // namespace obscura::serve
