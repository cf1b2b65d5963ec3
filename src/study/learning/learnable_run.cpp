#include "study/learning/learnable_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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
#include "study/learning/learnable_journal.h"
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

const LearnablePlan& find_plan(const std::vector<LearnablePlan>& plans, const std::string& key) {
  return *std::find_if(plans.begin(), plans.end(), [&](const LearnablePlan& plan) { return plan.key == key; });
}

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

/// Digest of all that decides what a row measures, and of the rows that it builds on.
std::string plan_digest(const LearnablePlan& plan, const std::vector<LearnablePlan>& all, const LearnableSizes& sizes) {
  const auto before = [&](const std::string& key) {
    return key.empty() ? std::string() : plan_digest(find_plan(all, key), all, sizes);
  };
  const ordered_json words = {plan.training,
                              plan.dataset,
                              plan.skip,
                              plan.limit,
                              plan.owner_key,
                              plan.shield.shield,
                              plan.shield.block,
                              plan.shield.depth,
                              plan.shield.hidden,
                              plan.seed,
                              plan.partial,
                              plan.adapts,
                              plan.read,
                              sizes.test,
                              sizes.pictures,
                              before(plan.pretrained),
                              before(plan.adaptation)};
  const std::string text = words.dump();
  return image::sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// The command that measures one row.
std::string row_command(const ReproduceOptions& o, const std::string& key) {
  std::string words = fmt::format("obscura reproduce {}{} --only {}", o.subject, o.quick ? " --quick" : "", key);
  if (o.limit != 0) words += fmt::format(" --limit {}", o.limit);
  if (o.test_limit != 0) words += fmt::format(" --test-limit {}", o.test_limit);
  if (o.epochs != 0) words += fmt::format(" --epochs {}", o.epochs);
  return words;
}

std::string now_text() {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)));
}

/// What is known of a row before it is measured.
report::LearnableRow bare_row(const ReproduceOptions& o, const LearnablePlan& plan) {
  report::LearnableRow row;
  row.key = plan.key, row.title = plan.title, row.dataset = plan.dataset, row.plain = plan.plain;
  row.block = plan.block, row.rounds = plan.rounds, row.adapts = plan.adapts, row.main = plan.main;
  row.seed = plan.seed, row.series = plan.series, row.round = plan.round;
  row.command = row_command(o, plan.key);
  if (!plan.owner_key.empty()) row.shield = plan.shield.shield;
  return row;
}

class LearnableRun {
 public:
  LearnableRun(const ReproduceOptions& options, const std::vector<LearnablePlan>& plans, std::size_t threads)
      : o_(options),
        plans_(plans),
        threads_(threads),
        sizes_(learnable_sizes(options)),
        steps_(options.out / "rows", options.fresh) {
    for (const char* name : {"networks", "keys", "rows", "pictures", "attacks"}) {
      std::error_code ec;
      fs::create_directories(o_.out / name, ec);
      if (!fs::is_directory(o_.out / name)) throw IoError("cannot make the folder " + (o_.out / name).string());
    }
  }

  report::LearnableRow measure(const LearnablePlan& plan) {
    report::LearnableRow row = bare_row(o_, plan);
    try {
      // Said in a word before a process is started for it.
      image::load_dataset(plan.dataset, image::Split::test, o_.data, 1);
      row.train = train(plan);
      if (!plan.owner_key.empty()) row.promise = shield::make_shield(load_shield_key(key(plan), {}))->promise();
      if (plan.read) row.evaluate = evaluate(plan);
      if (plan.adapts) {
        row.reveal = reveal(plan, false);
        row.null = reveal(plan, true);
      }
      row.version = kVersion, row.machine = cpu_model(), row.date = now_text();
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
    std::set<std::string> made;
    for (const auto& plan : plans) {
      if (!plan.shown || digest_of(key(plan)).empty()) continue;
      try {
        const std::string plain = named(plan, "plain"), hidden = named(plan, plan.owner_key);
        if (made.insert(plain).second) {
          const std::string of = plan.resize == 0 ? "" : fmt::format(": {0}, {1}x{1}", plan.dataset, plan.resize);
          add_strip(out, "Test pictures, plain" + of, plain, plain_pictures(plan));
        }
        if (made.insert(hidden).second) {
          add_strip(out, fmt::format("As the server sees them: {}", hidden), hidden, protected_pictures(plan, false));
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

  /// The key of that name and number, made from the row's seed where it is not there yet: a study is repeated with the
  /// same keys, which are therefore no secret.
  fs::path seeded_key(const LearnablePlan& plan, std::uint64_t number) {
    const fs::path file = key_file(number == 0 ? plan.owner_key : plan.owner_key + "-other");
    std::error_code ec;
    if (fs::exists(file, ec)) return file;
    const KeyOptions& wanted = plan.shield;
    shield::Parameters p{wanted.shield, wanted.block, shield::Arithmetic::modular};
    if (wanted.shield == "hill" || shield::is_encoder(wanted.shield)) p.arithmetic = shield::Arithmetic::real;
    p.depth = wanted.depth, p.hidden = wanted.hidden;
    if (p.shield == "neuracrypt") {
      p.channels = image::load_dataset(plan.dataset, image::Split::test, o_.data, 1).channels;
    }
    const std::array<std::uint64_t, 2> numbers{plan.seed, number};
    shield::write_key(file, shield::key_of_seed(p, shield::derive({}, "obscura: key of a study", numbers)));
    return file;
  }

  /// Trains it unless that is done, and what it builds on before.
  ordered_json train(const LearnablePlan& plan) {
    const fs::path out = network(plan.key);
    Words words = {"train", "--dataset", plan.dataset, "--out", out.string(), "--threads", std::to_string(threads_)};
    append(words, plan.training);
    std::vector<fs::path> inputs;
    if (!plan.owner_key.empty()) {
      inputs.push_back(seeded_key(plan, 0));
      append(words, {"--key", inputs.back().string()});
    }
    const auto start_from = [&](const std::string& row, const char* option) {
      if (row.empty()) return;
      train(find_plan(plans_, row));
      inputs.push_back(network(row));
      append(words, {option, inputs.back().string()});
    };
    start_from(plan.pretrained, "--pretrained");
    start_from(plan.adaptation, "--adapt-from");
    if (plan.partial) words.push_back("--pretrained-partial");
    if (o_.device != train::kProcessor) append(words, {"--device", o_.device});
    if (plan.skip != 0) append(words, {"--skip", std::to_string(plan.skip)});
    if (plan.limit != 0) append(words, {"--limit", std::to_string(plan.limit)});
    if (sizes_.test != 0) append(words, {"--test-limit", std::to_string(sizes_.test)});
    add_data(words);
    return steps_.result(plan.key + "-train", words, inputs, {out}, [&](const fs::path&) {
      const std::string what = fmt::format("training: {} ({})", plan.title, plan.key);
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

  /// Of the data set that the rows share; another one's, resized, have a name of their own.
  static std::string named(const LearnablePlan& plan, const std::string& name) {
    return plan.resize == 0 ? name : fmt::format("{}-{}-{}", name, plan.dataset, plan.resize);
  }

  /// Test images, made once a data set and number.
  fs::path plain_pictures(const LearnablePlan& plan) {
    const fs::path folder = picture_folder(named(plan, "plain"));
    Words what = {"pictures", plan.dataset, o_.data.string(), std::to_string(sizes_.pictures)};
    if (plan.resize != 0) what.push_back(std::to_string(plan.resize));
    const bool there = fs::exists(folder);
    steps_.result(named(plan, "pictures"), what, {}, {folder / "00000.png"}, [&](const fs::path&) {
      if (there) fs::remove_all(folder);
      return ordered_json{{"images", write_test_images(plan.dataset, o_.data, sizes_.pictures, plan.resize, folder)}};
    });
    return folder;
  }

  /// By the row's key, or by another one that nothing was trained on.
  fs::path protected_pictures(const LearnablePlan& plan, bool other) {
    const std::string name = named(plan, other ? plan.owner_key + "-other" : plan.owner_key);
    const fs::path plain = plain_pictures(plan), folder = picture_folder(name), file = seeded_key(plan, other ? 1 : 0);
    ProtectionRequest request;
    request.in = plain, request.out = folder, request.key.file = file, request.views = false;
    request.note = o_.note;
    steps_.result("pictures-" + name, {"protect", plain.string(), folder.string(), file.string()},
                  {plain / "00000.png", file}, {folder / "00000.shield", folder / "00000.png"}, [&](const fs::path&) {
                    o_.note("protecting pictures: " + name);
                    fs::remove_all(folder);
                    return protection_json(request, protect_pictures(request));
                  });
    return folder;
  }

  ordered_json reveal(const LearnablePlan& plan, bool other) {
    const fs::path in = protected_pictures(plan, other);
    const std::string name = (other ? "other-" : "learned-") + plan.key;
    const LearnedReveal request{network(plan.key), plain_pictures(plan), in, picture_folder(name)};
    return steps_.result(plan.key + (other ? "-reveal-other" : "-reveal"),
                         {"reveal", request.network.string(), in.string(), request.out.string()},
                         {request.network, in / "00000.shield"}, {request.out / "00000.png"}, [&](const fs::path&) {
                           o_.note("revealing: " + plan.title + (other ? ", of another key" : ""));
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
  const std::vector<LearnablePlan>& plans_;
  std::size_t threads_;
  LearnableSizes sizes_;
  FinishedSteps steps_;
  std::set<std::string> told_;
};

}  // namespace

namespace {

/// All but rows, pictures and the date.
report::LearnableReport begun_report(const ReproduceOptions& options) {
  report::LearnableReport report;
  // As train does: small networks are fastest with one, and much slower with more than are free.
  report.threads = std::max<std::size_t>(options.threads, 1);
  report.subject = options.subject;
  report.version = kVersion;
  report.build = kBuildType;
  report.machine = cpu_model();
  report.isa = std::string(ring::isa_name(ring::selected_isa()));
  report.command = options.command;
  report.quick = options.quick;
  report.figures = learnable_figures(options.subject);
  return report;
}

fs::path journal_file(const ReproduceOptions& options) {
  return options.journal.empty() ? options.out / "rows.jsonl" : options.journal;
}

}  // namespace

report::LearnableReport measure_learnable(const ReproduceOptions& options) {
  train::check_device(options.device);
  const auto wanted = learnable_wanted(options);
  const auto all = learnable_plan(options);
  const auto sizes = learnable_sizes(options);
  std::vector<LearnablePlan> plans;
  for (const auto& key : wanted) plans.push_back(find_plan(all, key));
  LearnableJournal journal(journal_file(options), options.subject);
  report::LearnableReport report = begun_report(options);
  LearnableRun run(options, all, report.threads);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const std::string digest = plan_digest(plans[i], all, sizes);
    const report::LearnableRow* kept = options.fresh ? nullptr : journal.find(plans[i].key, digest);
    if (kept != nullptr) {
      report.rows.push_back(*kept);
      continue;
    }
    if (plans.size() > 1) options.note(fmt::format("row {} of {}: {}", i + 1, plans.size(), plans[i].key));
    report.rows.push_back(run.measure(plans[i]));
    if (report.rows.back().problem.empty()) journal.add(report.rows.back(), digest, options.quick);
  }
  for (const auto& plan : learnable_attacks(options, plans)) {
    report.attacks.push_back(run.attack(plan));
    for (auto& sheet : run.sheets(report.attacks.back())) report.sheets.push_back(std::move(sheet));
  }
  report.strips = run.strips(plans);
  report.date = now_text();
  return report;
}

report::LearnableReport kept_learnable(const ReproduceOptions& options) {
  std::error_code ec;
  if (!fs::exists(journal_file(options), ec)) {
    throw IoError(fmt::format("there is no journal {}: measure some rows first, or name it with --journal",
                              journal_file(options).string()));
  }
  const LearnableJournal journal(journal_file(options), options.subject);
  report::LearnableReport report = begun_report(options);
  std::set<std::string> machines;
  for (const auto& plan : learnable_plan(options)) {
    const report::LearnableRow* kept = journal.last(plan.key, options.quick);
    report.rows.push_back(kept != nullptr ? *kept : bare_row(options, plan));
    if (kept == nullptr) continue;
    machines.insert(kept->machine);
    report.date = std::max(report.date, kept->date);
  }
  report.machine = fmt::format("{}", fmt::join(machines, "; "));
  return report;
}

}  // namespace obscura::study
