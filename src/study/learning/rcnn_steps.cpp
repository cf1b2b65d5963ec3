#include "study/learning/rcnn_steps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <utility>

#include "base/error.h"
#include "base/stopwatch.h"
#include "image/digest.h"
#include "report/networks/data.h"
#include "report/text.h"
#include "study/child.h"

namespace fs = std::filesystem;

namespace obscura::study {

using nlohmann::ordered_json;

std::string short_digest(const std::vector<std::string>& words, const fs::path& file) {
  const std::string text = fmt::format("{} {}", fmt::join(words, " "), digest_of(file));
  return image::sha256(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size())).substr(0, 8);
}

RcnnSteps::RcnnSteps(const ReproduceOptions& options, std::vector<report::RcnnStep>& done)
    : o_(options), steps_(options.out / "rows", options.fresh), done_(done) {}

ordered_json RcnnSteps::timed(const std::string& name, const std::string& what, const std::string& command,
                              const Words& words, const std::vector<fs::path>& inputs,
                              const std::vector<fs::path>& outputs,
                              const std::function<ordered_json(const fs::path& scratch)>& make) {
  auto kept = steps_.result(name, words, inputs, outputs, [&](const fs::path& scratch) {
    o_.note(what);
    const Stopwatch watch;
    ordered_json result = make(scratch);
    const double seconds = watch.seconds();
    o_.note(fmt::format("{}: done in {}", what, report::span_text(seconds)));
    return ordered_json{{"seconds", seconds}, {"result", std::move(result)}};
  });
  done_.push_back({what, command, report::number_at(kept, "seconds")});
  return kept.is_object() ? kept.value("result", ordered_json()) : ordered_json();
}

ordered_json RcnnSteps::child(const std::string& name, const std::string& what, const Words& words,
                              const std::vector<fs::path>& inputs, const std::vector<fs::path>& outputs,
                              const Words& numbers, const std::string& state) {
  Words depends = words;
  depends.push_back(state);
  return timed(name, what, fmt::format("obscura {}", fmt::join(words, " ")), depends, inputs, outputs,
               [&](const fs::path& scratch) {
                 return child_result({o_.program, words, {}}, scratch, what, numbers);
               });
}

void RcnnSteps::train(const std::string& name, const std::string& what, const Words& words,
                      const std::vector<fs::path>& inputs, const fs::path& out) {
  timed(name, what, fmt::format("obscura {}", fmt::join(words, " ")), words, inputs, {out}, [&](const fs::path&) {
    if (o_.fresh) fs::remove(fs::path(out).replace_extension(".checkpoint"));
    const ChildOutcome child = run_child({o_.program, words, {}});
    if (!child.done()) throw Error(what + ": " + child.reason());
    if (!fs::exists(out)) throw FormatError(what + ": there is no " + out.string());
    return ordered_json{{"trained", out.filename().string()}};
  });
}

void RcnnSteps::forget(const std::string& name) const {
  std::error_code ec;
  fs::remove(o_.out / "rows" / (name + ".json"), ec);
}

void RcnnSteps::add_data(Words& words) const {
  if (!o_.data.empty()) words.insert(words.end(), {"--data", o_.data.string()});
}

void RcnnSteps::tell(const std::string& what, const std::string& problem) {
  if (told_.insert(problem).second) o_.note(fmt::format("{}: {}", what, problem));
}

}  // namespace obscura::study
