#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace obscura::study {

/// The SHA-256 of a file; empty where there is none.
std::string digest_of(const std::filesystem::path& file);

/// Results of the steps of a long study, kept in a folder, so that an interrupted one goes on where it was.
class FinishedSteps {
 public:
  /// `fresh`: what is kept is not believed, but replaced. The folder must be there.
  FinishedSteps(std::filesystem::path folder, bool fresh) : folder_(std::move(folder)), fresh_(fresh) {}

  /// What is kept under that name, if it was made by the same words, program and machine, of these inputs, and the
  /// outputs are as it left them; else what `make` returns, which is kept. `make` gets the name of a file for its use.
  /// Throws as `make`, IoError.
  nlohmann::ordered_json result(
      const std::string& name, const std::vector<std::string>& words, const std::vector<std::filesystem::path>& inputs,
      const std::vector<std::filesystem::path>& outputs,
      const std::function<nlohmann::ordered_json(const std::filesystem::path& scratch)>& make) const;

 private:
  std::filesystem::path folder_;
  bool fresh_;
};

}  // namespace obscura::study
