#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/graph.h"

namespace obscura::study {

/// What is known of one file: as JSON, and a line each for people.
class Inspection {
 public:
  Inspection(const std::filesystem::path& file, std::size_t bytes);

  void add(const char* key, const nlohmann::ordered_json& value, const std::string& label, const std::string& text);
  void add(const char* key, const std::string& label, const std::string& text);

  const nlohmann::ordered_json& json() const { return json_; }
  std::string text() const;

 private:
  nlohmann::ordered_json json_;
  std::vector<std::pair<std::string, std::string>> rows_;
};

/// What there is to say of a network.
struct NetworkSummary {
  std::string name;
  std::size_t layers = 0, outputs = 0;
  Shape input;
  Preprocessing preprocessing;
  std::optional<Chunking> chunks;  ///< how it cuts pictures; nothing: it takes them as one
};

/// Any file of obscura: kind, version, program, parameters, security, size, whose it is. `read_network` is asked for
/// what is a network by its first bytes. Throws IoError, FormatError for what is damaged or no such file.
Inspection inspect(const std::filesystem::path& file,
                   const std::function<NetworkSummary(const std::filesystem::path&)>& read_network);

}  // namespace obscura::study
