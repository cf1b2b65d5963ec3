#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "report/chunked/sections.h"
#include "report/networks/data.h"
#include "report/text.h"

namespace obscura::report {
namespace {

using nlohmann::ordered_json;

const char* const kMissing =
    "The paper's own values are missing in its text, which has the heading of its Table 1 alone: none stand beside.";

/// Values of a 28x28 chunk, and of all windows of its 7x7 convolution with stride 3, as TenSEAL lays them out: 8 x 8
/// windows of 49. The same of a 112x112 picture: 36 x 36 windows.
constexpr double kChunk = 28 * 28, kChunkWindows = 8 * 8 * 49, kPicture = 112 * 112, kPictureWindows = 36 * 36 * 49;

/// What of an image fits so many slots.
std::string fits_text(double slots, double pixels, double windows) {
  if (!std::isfinite(slots)) return kNothing;
  if (windows <= slots) return "pixels, im2col";
  return pixels <= slots ? "pixels" : "no";
}

std::string bits_text(const ordered_json& row) {
  const auto bits = row.is_object() ? row.find("bits") : row.end();
  if (!row.is_object() || bits == row.end() || !bits->is_array()) return kNothing;
  std::vector<std::string> words;
  std::size_t again = 0;
  for (std::size_t i = 0; i < bits->size(); i += again) {
    again = 1;
    while (i + again < bits->size() && (*bits)[i + again] == (*bits)[i]) ++again;
    const std::string one = (*bits)[i].dump();
    words.push_back(again == 1 ? one : fmt::format("{} x {}", again, one));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string bytes_at(const ordered_json& row, const char* path) {
  return size_text(number_at(row, path));
}

const ordered_json& list_of(const ChunkedReport& report, const char* name) {
  static const ordered_json kEmpty = ordered_json::array();
  if (!report.keys.is_object() || !report.keys.contains(name) || !report.keys.at(name).is_array()) return kEmpty;
  return report.keys.at(name);
}

}  // namespace

Table chunked_key_table(const ChunkedReport& report) {
  Table table{
      "Table 1: keys by ring and modulus",
      {"N", "Primes, bits", "log QP", "Security, bits", "28x28 fits", "112x112 fits", "Secret key", "Public key",
       "Relinearisation key", "A rotation key", "Rotation keys", "All rotation keys"},
      "ll",
      {},
      {kMissing,
       "The size of an image enters only by what fits the N/2 slots of one ciphertext: its pixels, or the windows "
       "of the 7x7 convolution side by side (im2col, as TenSEAL has it: 3,136 values for 28x28, 63,504 for "
       "112x112, which no ring here holds). The sizes of keys follow from ring, modulus and rotations alone.",
       "Chains: SEAL's usual ones, and that of TenSEAL's tutorial (31, 6 x 26, 31 bits); the last prime is the "
       "special one. Rotation keys: by every power of two both ways and the conjugation, as SEAL makes them.",
       "Sizes are of this project's files (one of two polynomials travels as its seed, residues are packed); "
       "SEAL's own format takes 64 bits a residue. Security by the table of the 2024 guidelines."}};
  for (const auto& row : list_of(report, "parameters")) {
    const double slots = number_at(row, "slots");
    table.rows.push_back({count_text(2 * slots), bits_text(row), fixed_text(number_at(row, "log_qp"), 0),
                          count_text(number_at(row, "security_bits")), fits_text(slots, kChunk, kChunkWindows),
                          fits_text(slots, kPicture, kPictureWindows), bytes_at(row, "secret_key"),
                          bytes_at(row, "public_key"), bytes_at(row, "relinearisation_key"),
                          bytes_at(row, "rotation_key"), count_text(number_at(row, "rotation_keys")),
                          bytes_at(row, "rotation_keys_bytes")});
  }
  return table;
}

Table chunked_program_key_table(const ChunkedReport& report) {
  Table table{
      "Keys that the compiled network asks for",
      {"Image", "What of it", "N", "log QP", "Primes", "Security, bits", "Rotation keys", "Secret key", "Public key",
       "Evaluation keys"},
      "ll",
      {},
      {"The paper's network with squares, as the compiler lays it out (packed); evaluation keys are the rotation "
       "keys and the one of relinearisation. No public key is needed where owners encrypt by their own."}};
  for (const auto& row : list_of(report, "programs")) {
    if (const auto problem = text_at(row, "problem"); !problem.empty()) {
      table.notes.push_back(fmt::format("{}, {}: {}", text_at(row, "image"), text_at(row, "what"), problem));
      continue;
    }
    table.rows.push_back({text_at(row, "image"), text_at(row, "what"), count_text(std::exp2(number_at(row, "log_n"))),
                          fixed_text(number_at(row, "log_qp"), 0), count_text(number_at(row, "primes")),
                          count_text(number_at(row, "security_bits")), count_text(number_at(row, "rotation_keys")),
                          bytes_at(row, "secret_key"), bytes_at(row, "public_key"), bytes_at(row, "evaluation_keys")});
  }
  if (!report.keys_problem.empty()) table.notes.push_back(report.keys_problem);
  return table;
}

}  // namespace obscura::report
