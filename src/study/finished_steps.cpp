#include "study/finished_steps.h"

#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "image/digest.h"
#include "ring/isa.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;

/// Null where there is nothing, or nothing whole.
ordered_json read_json(const fs::path& file) {
  std::error_code ec;
  if (!fs::exists(file, ec)) return {};
  const auto bytes = read_file(file);
  return ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

ordered_json digests(const std::vector<fs::path>& files) {
  ordered_json list = ordered_json::array();
  for (const auto& file : files) list.push_back(digest_of(file));
  return list;
}

}  // namespace

std::string digest_of(const fs::path& file) {
  std::error_code ec;
  return !file.empty() && fs::is_regular_file(file, ec) ? image::sha256(read_file(file)) : "";
}

ordered_json FinishedSteps::result(const std::string& name, const std::vector<std::string>& words,
                                   const std::vector<fs::path>& inputs, const std::vector<fs::path>& outputs,
                                   const std::function<ordered_json(const fs::path& scratch)>& make) const {
  const ordered_json request = {{"version", kVersion},    {"build", kBuildType},
                                {"machine", cpu_model()}, {"isa", std::string(ring::isa_name(ring::selected_isa()))},
                                {"command", words},       {"inputs", digests(inputs)}};
  const fs::path file = folder_ / (name + ".json");
  const ordered_json before = fresh_ ? ordered_json() : read_json(file);
  if (before.is_object() && before.contains("result") && before.value("request", ordered_json()) == request &&
      before.value("outputs", ordered_json()) == digests(outputs)) {
    return before["result"];
  }
  const ordered_json result = make(folder_ / (name + ".new"));
  write_file(file,
             ordered_json{{"request", request}, {"outputs", digests(outputs)}, {"result", result}}.dump(1) + "\n");
  return result;
}

}  // namespace obscura::study
