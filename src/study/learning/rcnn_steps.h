#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "report/rcnn/rcnn.h"
#include "study/finished_steps.h"
#include "study/learning/reproduce_plan.h"

namespace obscura::study {

/// The steps of `reproduce rcnn`: kept, timed, and most of them processes of their own. What must outlive it is given.
class RcnnSteps {
 public:
  using Words = std::vector<std::string>;

  /// The folder of options.out must be there.
  RcnnSteps(const ReproduceOptions& options, std::vector<report::RcnnStep>& done);

  /// The result of FinishedSteps, in which `make` is timed; noted when it begins and when it is done. `words`: what
  /// else it depends on; `command`: for the report.
  nlohmann::ordered_json timed(const std::string& name, const std::string& what, const std::string& command,
                               const Words& words, const std::vector<std::filesystem::path>& inputs,
                               const std::vector<std::filesystem::path>& outputs,
                               const std::function<nlohmann::ordered_json(const std::filesystem::path& scratch)>& make);

  /// The JSON of a verb that has these numbers. `state`: what else it depends on, as a gallery's id.
  nlohmann::ordered_json child(const std::string& name, const std::string& what, const Words& words,
                               const std::vector<std::filesystem::path>& inputs,
                               const std::vector<std::filesystem::path>& outputs, const Words& numbers,
                               const std::string& state = "");

  /// Trains into `out`.
  void train(const std::string& name, const std::string& what, const Words& words,
             const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& out);

  /// What was kept under that name is not believed any more.
  void forget(const std::string& name) const;

  /// --data, where it was given.
  void add_data(Words& words) const;

  /// Notes a problem, once.
  void tell(const std::string& what, const std::string& problem);

 private:
  const ReproduceOptions& o_;
  FinishedSteps steps_;
  std::vector<report::RcnnStep>& done_;
  std::set<std::string> told_;
};

/// Eight hex digits of what the texts and a file hold.
std::string short_digest(const std::vector<std::string>& words, const std::filesystem::path& file);

}  // namespace obscura::study
