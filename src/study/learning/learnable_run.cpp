#include "study/learning/learnable_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/version.h"
#include "image/dataset.h"
#include "image/digest.h"
#include "ring/isa.h"
#include "shield/key.h"
#include "study/child.h"
#include "study/finished_steps.h"
#include "study/learning/learnable_pictures.h"
#include "study/learning/learnable_plan.h"
#include "study/learning/reveal_learned.h"
#include "study/protect/protection.h"
#include "study/shield_key_file.h"
#include "train/device.h"

namespace fs = std::filesystem;

namespace obscura::study {
namespace {

using nlohmann::ordered_json;
using Words = std::vector<std::string>;

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

class LearnableRun {
 public:
  LearnableRun(const ReproduceOptions& options, std::size_t threads)
      : o_(options), threads_(threads), sizes_(learnable_sizes(options)), steps_(options.out / "rows", options.fresh) {
    for (const char* name : {"networks", "keys", "rows", "pictures", "attacks"}) {
      std::error_code ec;
      fs::create_directories(o_.out / name, ec);
      if (!fs::is_directory(o_.out / name)) throw IoError("cannot make the folder " + (o_.out / name).string());
    }
  }

  report::LearnableRow measure(const LearnablePlan& plan) {
    report::LearnableRow row;
    row.key = plan.key, row.title = plan.title, row.dataset = plan.dataset, row.plain = plan.plain;
    row.block = plan.block, row.rounds = plan.rounds, row.adapts = plan.adapts;
    try {
      if (!plan.owner_key.empty()) row.shield = plan.shield.shield;
      // Said in a word before a process is started for it.
      image::load_dataset(plan.dataset, image::Split::test, o_.data, 1);
      row.train = train(plan);
      if (!plan.owner_key.empty()) row.promise = shield::make_shield(load_shield_key(key(plan), {}))->promise();
      row.evaluate = evaluate(plan);
      if (plan.adapts) row.reveal = reveal(plan);
    } catch (const Error& e) {
      row.problem = e.what();
      if (told_.insert(row.problem).second) o_.note(fmt::format("{}: {}", plan.title, row.problem));
    }
    return row;
  }

  report::LearnableAttack attack(const LearnableAttackPlan& plan) {
    report::LearnableAttack out;
    out.title = plan.owner_key;
    Words words = {"audit",     "attack",     "--key",     key_file(plan.owner_key).string(),
                   "--dataset", plan.dataset, "--threads", std::to_string(threads_)};
    append(words, plan.options);
    out.command = fmt::format("obscura audit attack --key {} --dataset {} {}",
                              key_file(plan.owner_key).filename().string(), plan.dataset, fmt::join(plan.options, " "));
    add_data(words);
    append(words, {"--out", (o_.out / "attacks" / plan.owner_key).string(), "--json"});
    try {
      out.result = steps_.result("attack-" + plan.owner_key, words, {key_file(plan.owner_key)}, {},
                                 [&](const fs::path& scratch) {
                                   return printed(words, scratch, "attacking " + plan.owner_key, {"images", "seed"});
                                 });
    } catch (const Error& e) {
      out.problem = e.what();
      o_.note(fmt::format("attacks on {}: {}", plan.owner_key, out.problem));
    }
    return out;
  }

  /// Pictures of what the attacks have recovered.
  std::vector<report::Picture> sheets(const report::LearnableAttack& attack) const {
    std::vector<report::Picture> out;
    if (!attack.result.is_object()) return out;
    for (const auto& one : attack.result.value("attacks", ordered_json::array())) {
      const auto sheet = one.find("sheet");
      if (sheet == one.end() || !sheet->is_string()) continue;
      const std::string name =
          fmt::format("attacks/{}/{}", attack.title, fs::path(sheet->get<std::string>()).filename().string());
      std::error_code ec;
      if (!fs::exists(o_.out / name, ec)) continue;
      out.push_back({fmt::format("{}: {}", attack.title, one.value("attack", "")), name, read_file(o_.out / name)});
    }
    return out;
  }

  /// The same images plain, protected, and as each adaptation reveals them.
  std::vector<report::Picture> strips(const std::vector<LearnablePlan>& plans) {
    std::vector<report::Picture> out;
    std::set<std::string> protected_by;
    for (const auto& plan : plans) {
      if (!plan.shown || digest_of(key(plan)).empty()) continue;
      try {
        if (out.empty()) add_strip(out, "Test pictures, plain", "plain", plain_pictures(plan));
        if (protected_by.insert(plan.owner_key).second) {
          add_strip(out, fmt::format("As the server sees them: {}", plan.owner_key), plan.owner_key,
                    protected_pictures(plan));
        }
        const fs::path learned = picture_folder("learned-" + plan.key);
        if (plan.adapts && fs::exists(learned)) add_strip(out, "Revealed: " + plan.title, plan.key, learned);
      } catch (const Error& e) {
        o_.note(fmt::format("pictures of {}: {}", plan.title, e.what()));
      }
    }
    return out;
  }

 private:
  fs::path key_file(const std::string& name) const { return o_.out / "keys" / (name + ".json"); }
  fs::path key(const LearnablePlan& plan) const {
    return plan.owner_key.empty() ? fs::path() : key_file(plan.owner_key);
  }
  fs::path network(const std::string& row) const {
    return row.empty() ? fs::path() : o_.out / "networks" / (row + ".safetensors");
  }
  fs::path picture_folder(const std::string& name) const { return o_.out / "pictures" / name; }

  void add_data(Words& words) const {
    if (!o_.data.empty()) append(words, {"--data", o_.data.string()});
  }

  /// The JSON object that a verb prints, run in a process of its own.
  ordered_json printed(const Words& words, const fs::path& scratch, const std::string& what,
                       const Words& numbers) const {
    o_.note(what);
    return child_result({o_.program, words, {}}, scratch, what, numbers);
  }

  ordered_json train(const LearnablePlan& plan) {
    const fs::path out = network(plan.key);
    Words words = {"train", "--dataset", plan.dataset, "--out", out.string(), "--threads", std::to_string(threads_)};
    append(words, plan.training);
    if (!plan.owner_key.empty()) {
      append(words, key_words(plan.shield));
      append(words, {"--key", key(plan).string(), "--make-key"});
    }
    if (o_.device != train::kProcessor) append(words, {"--device", o_.device});
    if (sizes_.train != 0) append(words, {"--limit", std::to_string(sizes_.train)});
    if (sizes_.test != 0) append(words, {"--test-limit", std::to_string(sizes_.test)});
    add_data(words);
    // The key is made by the first row that needs it.
    return steps_.result(plan.key + "-train", words, {}, {out, key(plan)}, [&](const fs::path&) {
      const std::string what = "training: " + plan.title;
      o_.note(what);
      if (o_.fresh) fs::remove(fs::path(out).replace_extension(".checkpoint"));
      const ChildOutcome child = run_child({o_.program, words, {}});
      if (!child.done()) throw Error(what + ": " + child.reason());
      return checked_object(fs::path(out).replace_extension(".curve.json"), what, {"test_accuracy"});
    });
  }

  ordered_json evaluate(const LearnablePlan& plan) {
    const fs::path file = network(plan.key), plain = network(plan.plain);
    Words words = {"evaluate",
                   "--network",
                   file.string(),
                   "--dataset",
                   plan.dataset,
                   "--threads",
                   std::to_string(threads_),
                   "--limit",
                   std::to_string(sizes_.test),
                   "--json"};
    if (!plan.owner_key.empty()) append(words, {"--key", key(plan).string()});
    if (!digest_of(plain).empty()) append(words, {"--plain", plain.string()});
    add_data(words);
    return steps_.result(plan.key + "-evaluate", words, {file, plain, key(plan)}, {}, [&](const fs::path& scratch) {
      return printed(words, scratch, "testing: " + plan.title, {"images"});
    });
  }

  /// Test images, made once a data set and number.
  fs::path plain_pictures(const LearnablePlan& plan) {
    const fs::path folder = picture_folder("plain");
    const Words what = {"pictures", plan.dataset, o_.data.string(), std::to_string(sizes_.pictures)};
    const bool there = fs::exists(folder);
    steps_.result("pictures", what, {}, {folder / "00000.png"}, [&](const fs::path&) {
      if (there) fs::remove_all(folder);
      return ordered_json{{"images", write_test_images(plan.dataset, o_.data, sizes_.pictures, folder)}};
    });
    return folder;
  }

  fs::path protected_pictures(const LearnablePlan& plan) {
    const fs::path plain = plain_pictures(plan), folder = picture_folder(plan.owner_key);
    ProtectionRequest request;
    request.in = plain, request.out = folder, request.key.file = key(plan), request.views = false;
    request.note = o_.note;
    steps_.result("pictures-" + plan.owner_key, {"protect", plain.string(), folder.string(), key(plan).string()},
                  {plain / "00000.png", key(plan)}, {folder / "00000.shield"}, [&](const fs::path&) {
                    o_.note("protecting pictures: " + plan.owner_key);
                    fs::remove_all(folder);
                    return protection_json(request, protect_pictures(request));
                  });
    return folder;
  }

  ordered_json reveal(const LearnablePlan& plan) {
    const fs::path in = protected_pictures(plan);
    const LearnedReveal request{network(plan.key), picture_folder("plain"), in, picture_folder("learned-" + plan.key)};
    return steps_.result(plan.key + "-reveal", {"reveal", request.network.string(), in.string(), request.out.string()},
                         {request.network, in / "00000.shield"}, {request.out / "00000.png"}, [&](const fs::path&) {
                           o_.note("revealing: " + plan.title);
                           fs::remove_all(request.out);
                           return reveal_json(request, reveal_learned(request));
                         });
  }

  void add_strip(std::vector<report::Picture>& out, const std::string& title, const std::string& name,
                 const fs::path& folder) {
    report::Picture strip = strip_of(title, folder);
    strip.file = "pictures/strip-" + name + ".png";
    write_file(o_.out / strip.file, strip.png);
    out.push_back(std::move(strip));
  }

  const ReproduceOptions& o_;
  std::size_t threads_;
  LearnableSizes sizes_;
  FinishedSteps steps_;
  std::set<std::string> told_;
};

}  // namespace

report::LearnableReport measure_learnable(const ReproduceOptions& options) {
  train::check_device(options.device);
  const auto plans = learnable_plan(options);
  report::LearnableReport report;
  // As train does: small networks are fastest with one, and much slower with more than are free.
  report.threads = std::max<std::size_t>(options.threads, 1);
  report.subject = options.subject;
  report.version = kVersion;
  report.build = kBuildType;
  report.machine = cpu_model();
  report.isa = std::string(ring::isa_name(ring::selected_isa()));
  report.command = options.command;
  report.seed = kLearnableSeed;
  report.quick = options.quick;
  LearnableRun run(options, report.threads);
  for (const auto& plan : plans) report.rows.push_back(run.measure(plan));
  for (const auto& plan : learnable_attacks(options, plans)) {
    report.attacks.push_back(run.attack(plan));
    for (auto& sheet : run.sheets(report.attacks.back())) report.sheets.push_back(std::move(sheet));
  }
  report.strips = run.strips(plans);
  report.date = fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
  return report;
}

}  // namespace obscura::study
