#include "study/file_kind.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>

#include "ckks/wire.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

constexpr std::size_t kHead = std::size_t{1} << 16;
constexpr std::size_t kMostJson = std::size_t{1} << 26;

std::string first_bytes(const fs::path& file, std::size_t most) {
  std::ifstream in(file, std::ios::binary);
  std::string head(most, '\0');
  in.read(head.data(), static_cast<std::streamsize>(most));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return head;
}

bool starts_with_any(std::string_view head, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view b) { return head.starts_with(b); });
}

std::uint8_t byte_at(std::string_view head, std::size_t i) {
  return i < head.size() ? static_cast<std::uint8_t>(head[i]) : 0;
}

/// The wire format: its magic, u16 version, u16 kind.
FileKind kind_in_envelope(std::string_view head) {
  switch (static_cast<ckks::Kind>(byte_at(head, 10) | byte_at(head, 11) << 8)) {
    case ckks::Kind::query:
      return FileKind::query;
    case ckks::Kind::answer:
      return FileKind::answer;
    case ckks::Kind::evaluation_keys:
      return FileKind::evaluation_keys;
    case ckks::Kind::client:
      return FileKind::client_spec;
    case ckks::Kind::program:
      return FileKind::program;
    case ckks::Kind::secret_key:
    case ckks::Kind::sealed_secret_key:
      return FileKind::secret_key;
    case ckks::Kind::gallery_card:
    case ckks::Kind::gallery_query:
    case ckks::Kind::gallery_answer:
    case ckks::Kind::fetch_query:
    case ckks::Kind::fetch_answer:
    case ckks::Kind::fetch_hint:
    case ckks::Kind::search_record:
    case ckks::Kind::trusted_card:
    case ckks::Kind::trusted_query:
    case ckks::Kind::trusted_answer:
      return FileKind::search_message;
    default:
      return FileKind::other;
  }
}

/// Protobuf has no magic: the field ir_version, a small number, and then another field of a ModelProto.
bool is_onnx(std::string_view head) {
  constexpr std::array<std::uint8_t, 8> kTags = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72};
  return byte_at(head, 0) == 0x08 && byte_at(head, 1) >= 1 && byte_at(head, 1) < 32 &&
         std::find(kTags.begin(), kTags.end(), byte_at(head, 2)) != kTags.end();
}

/// The length of a JSON header, eight bytes, and its opening brace.
bool is_safetensors(std::string_view head) {
  return head.size() > 9 && byte_at(head, 5) == 0 && byte_at(head, 6) == 0 && byte_at(head, 7) == 0 && head[8] == '{';
}

FileKind kind_of_png(std::string_view head) {
  return head.find(std::string_view("obscura-shield\0", 15)) == std::string_view::npos ? FileKind::png
                                                                                       : FileKind::protected_picture;
}

bool is_picture(std::string_view head) {
  using namespace std::string_view_literals;
  const bool webp = head.starts_with("RIFF") && head.substr(0, 12).ends_with("WEBP");
  return webp || starts_with_any(head, {"\xff\xd8\xff"sv, "BM"sv, "GIF8"sv, "II*\0"sv, "MM\0*"sv, "P1"sv, "P2"sv,
                                        "P3"sv, "P4"sv, "P5"sv, "P6"sv});
}

FileKind kind_of_json(const fs::path& file) {
  const auto json = nlohmann::json::parse(first_bytes(file, kMostJson), nullptr, false);
  if (!json.is_object()) return FileKind::other;
  const auto has = [&](std::initializer_list<const char*> keys) {
    return std::all_of(keys.begin(), keys.end(), [&](const char* key) { return json.contains(key); });
  };
  const std::string kind = json.contains("kind") && json["kind"].is_string() ? json["kind"] : nlohmann::json("");
  if (kind.starts_with("obscura report")) return FileKind::report;
  if (has({"shield", "attacks", "promise"})) return FileKind::attacks;
  if (has({"model", "recipe", "epochs", "command"})) return FileKind::curve;
  return has({"network", "dataset", "images", "threads"}) ? FileKind::evaluation : FileKind::other;
}

/// A line of sixteen hexadecimal digits and a JSON object (study/evaluate/run_journal.h).
bool is_journal(std::string_view head) {
  return head.size() > 18 && head.substr(16, 2) == " {" &&
         head.substr(0, 16).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_html(std::string_view head) {
  std::string lower(head.substr(0, 15));
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return lower.starts_with("<!doctype html");
}

/// Printable lines with commas in the first.
bool is_csv(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\n'));
  return line.find(',') != std::string_view::npos &&
         std::none_of(line.begin(), line.end(), [](char c) { return c >= 0 && c < ' ' && c != '\r' && c != '\t'; });
}

}  // namespace

std::string kind_text(FileKind kind) {
  switch (kind) {
    case FileKind::query:
      return "an encrypted query";
    case FileKind::answer:
      return "an encrypted answer";
    case FileKind::evaluation_keys:
      return "evaluation keys";
    case FileKind::client_spec:
      return "the client spec of a program";
    case FileKind::program:
      return "a compiled program";
    case FileKind::secret_key:
      return "a secret key";
    case FileKind::search_message:
      return "a message of a search";
    case FileKind::shield_key:
      return "the key of a shield";
    case FileKind::protected_picture:
      return "a protected picture";
    case FileKind::png:
      return "a PNG picture";
    case FileKind::picture:
      return "a picture";
    case FileKind::onnx:
      return "an ONNX network";
    case FileKind::safetensors:
      return "a .safetensors network";
    case FileKind::checkpoint:
      return "the checkpoint of a training";
    case FileKind::journal:
      return "the journal of an evaluation";
    case FileKind::evaluation:
      return "the JSON of an evaluation";
    case FileKind::curve:
      return "the JSON of a training curve";
    case FileKind::report:
      return "the JSON of a report";
    case FileKind::attacks:
      return "the JSON of attacks";
    case FileKind::svg:
      return "an SVG drawing";
    case FileKind::html:
      return "an HTML page";
    case FileKind::markdown:
      return "a Markdown text";
    case FileKind::csv:
      return "a CSV table";
    case FileKind::other:
      break;
  }
  return "a file of another kind";
}

bool is_secret(FileKind kind) {
  return kind == FileKind::secret_key || kind == FileKind::shield_key;
}

FileKind kind_of(const fs::path& file) {
  using namespace std::string_view_literals;
  const std::string head = first_bytes(file, kHead);
  if (head.starts_with("OBSCURA\0"sv)) return kind_in_envelope(head);
  if (head.starts_with("OBSHIELD")) return FileKind::protected_picture;
  if (head.starts_with("\x89PNG")) return kind_of_png(head);
  if (head.starts_with("OBSCTRN1")) return FileKind::checkpoint;
  if (is_onnx(head)) return FileKind::onnx;
  if (is_safetensors(head)) return FileKind::safetensors;
  const auto text = head.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (text != std::string::npos && head[text] == '{') {
    // By its word alone, so that a damaged one is not lost either.
    const bool key = head.find("\"obscura shield key\"") != std::string::npos;
    return key ? FileKind::shield_key : kind_of_json(file);
  }
  if (is_journal(head)) return FileKind::journal;
  if (is_picture(head)) return FileKind::picture;
  if (is_html(head)) return FileKind::html;
  if (starts_with_any(head, {"<svg"})) return FileKind::svg;
  if (starts_with_any(head, {"# "})) return FileKind::markdown;
  return is_csv(head) ? FileKind::csv : FileKind::other;
}

}  // namespace obscura::study
