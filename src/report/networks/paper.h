#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// What Helbawy, Bahaa and El Bolock, "CryptonDL: Encrypted Image Classification Using Deep Learning Models", print.
namespace obscura::report {

/// One row of its Tables 3, 4 and 5, of 10,000 test images each. Times are seconds.
struct PaperRow {
  const char* key;   ///< ours: tenseal-mnist
  const char* name;  ///< theirs: TenSEAL-MNIST
  const char* layers;
  const char* training;
  std::size_t plain_right = 0, encrypted_right = 0;  ///< images
  double plain_f1 = 0, encrypted_f1 = 0;
  double plain_seconds = 0, encrypted_seconds = 0;

  static constexpr double kImages = 10000;
  double plain_accuracy() const { return static_cast<double>(plain_right) / kImages; }
  double encrypted_accuracy() const { return static_cast<double>(encrypted_right) / kImages; }
  double seconds_per_image() const { return encrypted_seconds / kImages; }
};

/// The six rows in the order of the tables.
std::span<const PaperRow> paper_rows();

/// The row of that key, or null.
const PaperRow* find_paper_row(const std::string& key);

/// Where its figures contradict each other or cannot be what they are called, a sentence or two each.
std::vector<std::string> paper_remarks();

/// How it is cited.
std::string paper_citation();

}  // namespace obscura::report
