#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary.h"

namespace obscura::cli {

namespace fs = std::filesystem;

inline std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put_text(const fs::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

struct Result {
  int status = 0;
  std::string out;
  std::string err;

  std::size_t error_lines() const { return static_cast<std::size_t>(std::count(err.begin(), err.end(), '\n')); }
  /// Lines that are no notes.
  std::size_t errors() const {
    std::size_t count = 0, at = 0;
    for (std::size_t end = 0; (end = err.find('\n', at)) != std::string::npos; at = end + 1) {
      if (err.compare(at, 15, "obscura: note: ") != 0) ++count;
    }
    return count;
  }
  nlohmann::json json() const { return nlohmann::json::parse(out); }
};

inline std::string quoted(const std::string& word) {
  std::string result;
  result.push_back('\'');
  for (const char c : word) {
    if (c == '\'') result.append("'\\'");
    result.push_back(c);
  }
  result.push_back('\'');
  return result;
}

/// Runs the built program. `before` is shell that comes first, as "ulimit -f 8;".
inline Result obscura(const std::vector<std::string>& arguments, const std::string& before = "") {
  const TemporaryFolder folder;
  const fs::path out = folder / "out", err = folder / "err";
  std::string command = quoted(OBSCURA_BINARY_DIR "/obscura");
  for (const auto& argument : arguments) command.append(" ").append(quoted(argument));
  const std::string script =
      "{ " + before + " " + command + "; } >" + quoted(out.string()) + " 2>" + quoted(err.string());
  const int status = std::system(("bash -c " + quoted(script)).c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_of(out), text_of(err)};
}

inline const std::string kModel = OBSCURA_SOURCE_DIR "/models/tenseal-mnist.onnx";

inline std::string sample(const std::string& name) {
  return OBSCURA_SOURCE_DIR "/samples/digits/" + name + ".png";
}

}  // namespace obscura::cli
