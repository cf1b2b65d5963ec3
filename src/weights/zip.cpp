#include "weights/zip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"

namespace obscura::weights {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::size_t kEndSize = 22;
constexpr std::size_t kLocatorSize = 20;
constexpr std::size_t kStep = std::size_t{1} << 20;

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t begin = 0;
};

std::uint32_t u32_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return ByteReader(bytes.subspan(at, 4), "zip").u32();
}

/// The end record stands before a comment of at most 65,535 bytes.
std::optional<std::size_t> find_end(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kEndSize) return std::nullopt;
  const std::size_t last = bytes.size() - kEndSize;
  const std::size_t first = last > 65535 ? last - 65535 : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (u32_at(bytes, at) == kEnd) return at;
  }
  return std::nullopt;
}

/// The wide form of the end record, where a locator before the end record points to one.
std::optional<Directory> read_end64(std::span<const std::uint8_t> bytes, std::size_t end, const std::string& what) {
  if (end < kLocatorSize || u32_at(bytes, end - kLocatorSize) != kLocator64) return std::nullopt;
  ByteReader locator(bytes.subspan(end - kLocatorSize, kLocatorSize), what);
  locator.raw(8);
  const std::uint64_t at = locator.u64();
  if (at > end - kLocatorSize) locator.fail("is damaged: its zip64 end record is out of place");
  ByteReader in(bytes.subspan(static_cast<std::size_t>(at), end - static_cast<std::size_t>(at)), what);
  if (in.u32() != kEnd64) in.fail("is damaged: it has no zip64 end record");
  in.raw(28);
  Directory directory;
  directory.entries = in.u64();
  directory.size = in.u64();
  directory.begin = in.u64();
  return directory;
}

Directory read_end(std::span<const std::uint8_t> bytes, const std::string& what) {
  const auto end = find_end(bytes);
  if (!end) throw FormatError(fmt::format("{} is truncated: it has no end of a zip archive", what));
  if (const auto wide = read_end64(bytes, *end, what)) return *wide;
  ByteReader in(bytes.subspan(*end), what);
  in.raw(10);
  Directory directory;
  directory.entries = in.u16();
  directory.size = in.u32();
  directory.begin = in.u32();
  return directory;
}

/// The extra field with wide values holds, in this order, those that did not fit.
void read_wide(std::span<const std::uint8_t> extra, std::initializer_list<std::uint64_t*> values,
               const std::string& what) {
  ByteReader in(extra, what);
  while (in.left() >= 4) {
    const std::uint16_t id = in.u16();
    ByteReader field(in.raw(in.u16()), what);
    if (id != 1) continue;
    for (std::uint64_t* value : values) {
      if (*value == 0xffffffffU) *value = field.u64();
    }
    return;
  }
}

/// A raw deflate stream of at most size bytes; grows with what really comes.
std::optional<std::vector<std::uint8_t>> inflate_raw(std::span<const std::uint8_t> packed, std::uint64_t size) {
  z_stream stream{};
  if (inflateInit2(&stream, -15) != Z_OK) throw Error("zlib could not start");
  std::vector<std::uint8_t> out;
  int state = Z_OK;
  while (state == Z_OK && (out.size() < size || stream.avail_out == 0)) {
    const std::size_t at = out.size();
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(std::max<std::uint64_t>(size - at, 1), kStep));
    out.resize(at + room);
    stream.next_out = out.data() + at;
    stream.avail_out = static_cast<uInt>(room);
    while (state == Z_OK && stream.avail_out > 0 && !packed.empty()) {
      const auto chunk = static_cast<uInt>(std::min(packed.size(), kStep));
      stream.next_in = const_cast<Bytef*>(packed.data());
      stream.avail_in = chunk;
      state = inflate(&stream, Z_NO_FLUSH);
      packed = packed.subspan(chunk - stream.avail_in);
    }
    const bool dry = stream.avail_out > 0;
    out.resize(at + room - stream.avail_out);
    if (dry || out.size() > size) break;
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END || out.size() != size || !packed.empty()) return std::nullopt;
  return out;
}

}  // namespace

void ZipArchive::fail(const std::string& problem) const {
  throw FormatError(fmt::format("{} {}", what_, problem));
}

ZipArchive::ZipArchive(std::span<const std::uint8_t> bytes, std::string what)
    : bytes_(bytes), what_(std::move(what)), budget_(bytes.size(), what_) {
  read_directory();
  for (auto& [name, entry] : entries_) find_data(name, entry);
  check_overlaps();
}

void ZipArchive::read_directory() {
  const Directory directory = read_end(bytes_, what_);
  if (directory.begin > bytes_.size() || directory.size > bytes_.size() - directory.begin) {
    fail("is damaged: the directory of its archive is out of place");
  }
  directory_ = directory.begin;
  ByteReader in(bytes_.subspan(static_cast<std::size_t>(directory.begin), static_cast<std::size_t>(directory.size)),
                what_);
  for (std::uint64_t i = 0; i < directory.entries; ++i) read_entry(in);
}

void ZipArchive::read_entry(ByteReader& in) {
  if (in.u32() != kDirectoryHeader) in.fail("is damaged: the directory of its archive is wrong");
  Entry entry;
  in.raw(4);
  if ((in.u16() & 1U) != 0) in.fail("is an encrypted archive; expected one that is not");
  entry.method = in.u16();
  in.raw(4);
  entry.crc = in.u32();
  entry.packed = in.u32();
  entry.size = in.u32();
  const std::size_t name_size = in.u16();
  const std::size_t extra_size = in.u16();
  const std::size_t comment_size = in.u16();
  in.raw(8);
  entry.header = in.u32();
  const auto text = in.raw(name_size);
  const std::string name(text.begin(), text.end());
  read_wide(in.raw(extra_size), {&entry.size, &entry.packed, &entry.header}, what_);
  in.raw(comment_size);
  if (!entries_.emplace(name, std::move(entry)).second) fail(fmt::format("has two files called \"{}\"", name));
}

void ZipArchive::find_data(const std::string& name, Entry& entry) const {
  if (entry.header > directory_) fail(fmt::format("is damaged: \"{}\" in it is out of place", name));
  const auto at = static_cast<std::size_t>(entry.header);
  ByteReader in(bytes_.subspan(at, static_cast<std::size_t>(directory_) - at), what_);
  if (in.u32() != kLocalHeader) in.fail(fmt::format("is damaged: \"{}\" in it has no header", name));
  in.raw(22);
  const std::size_t name_size = in.u16();
  in.raw(in.u16() + name_size);
  entry.data = directory_ - in.left();
  if (entry.packed > in.left()) in.fail(fmt::format("is truncated: \"{}\" in it is not whole", name));
}

void ZipArchive::check_overlaps() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;
  for (const auto& [name, entry] : entries_) places.emplace_back(entry.header, entry.data + entry.packed);
  std::ranges::sort(places);
  for (std::size_t i = 1; i < places.size(); ++i) {
    if (places[i].first < places[i - 1].second) fail("is damaged: files in its archive overlap");
  }
}

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> all;
  for (const auto& [name, entry] : entries_) all.push_back(name);
  return all;
}

void ZipArchive::inflate_entry(Entry& entry, const std::string& name) {
  budget_.take(entry.size);
  const auto packed = bytes_.subspan(static_cast<std::size_t>(entry.data), static_cast<std::size_t>(entry.packed));
  auto out = inflate_raw(packed, entry.size);
  if (!out) fail(fmt::format("is damaged: \"{}\" in it does not inflate to {} bytes", name, entry.size));
  entry.inflated = std::move(*out);
}

std::span<const std::uint8_t> ZipArchive::contents(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) fail(fmt::format("lacks \"{}\"", name));
  Entry& entry = found->second;
  const bool stored = entry.method == 0;
  if (!stored && entry.method != 8) fail(fmt::format("packs \"{}\" by method {}; expected 0 or 8", name, entry.method));
  if (stored && entry.packed != entry.size) fail(fmt::format("is damaged: \"{}\" in it has two sizes", name));
  if (!stored && !entry.checked) inflate_entry(entry, found->first);
  const auto all = stored ? bytes_.subspan(static_cast<std::size_t>(entry.data), static_cast<std::size_t>(entry.size))
                          : std::span<const std::uint8_t>(entry.inflated);
  if (!entry.checked && crc32_z(0, all.data(), all.size()) != entry.crc) {
    fail(fmt::format("is damaged: the checksum of \"{}\" in it is wrong", name));
  }
  entry.checked = true;
  return all;
}

}  // namespace obscura::weights
