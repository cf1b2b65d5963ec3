#include "study/learning/audit_chunks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "audit/chunk_network.h"
#include "audit/chunks/forest.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/stopwatch.h"
#include "image/dataset.h"
#include "study/images/labelled_images.h"
#include "study/learning/audit_chunks_sheet.h"
#include "study/learning/chunk_queries.h"
#include "tensor/feature_chunks.h"

namespace obscura::study {
namespace {

using audit::ServerView;
using message::Policy;

constexpr std::size_t kQuickEpochs = 2;
const std::vector<std::string> kAttacks = {"count", "map", "statistics", "network", "inpainting"};

/// Pictures as they look after one preprocessing.
struct Variant {
  bool equalised = true;
  std::vector<image::Image> pictures;
};

double threshold_of(const std::string& word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) {
    throw UsageError("--threshold is '" + word.substr(0, 40) +
                     "', expected gradients with commas between them: 50,100");
  }
  check_threshold(value, "--threshold");
  return value;
}

/// All splits of a set as one.
image::Dataset load_whole(const ChunkAuditOptions& o, const Notes& note) {
  image::Dataset whole;
  for (const image::Split split : {image::Split::train, image::Split::validation, image::Split::test}) {
    if (!image::has_split(o.dataset, split)) continue;
    auto part = load_noted(o.dataset, split, o.data, picture_form(o.wishes), note);
    if (whole.count == 0) {
      whole = std::move(part);
      continue;
    }
    if (part.height != whole.height || part.width != whole.width) {
      throw MismatchError(
          fmt::format("training and test pictures of {} are of different sizes: name one by --picture", o.dataset));
    }
    whole.images.insert(whole.images.end(), part.images.begin(), part.images.end());
    whole.labels.insert(whole.labels.end(), part.labels.begin(), part.labels.end());
    whole.count += part.count;
  }
  return whole;
}

class Auditor {
 public:
  Auditor(const ChunkAuditOptions& options, const Notes& note, bool progress)
      : o_(options), progress_(progress), pool_(options.threads), single_(1), set_(checked_set(note)) {
    audit_.options = o_;
    audit_.dataset = set_.name, audit_.classes = set_.classes, audit_.pictures = set_.count;
    audit_.cut = chunking_of(o_.wishes, set_.height, set_.width);
    audit_.chance = audit::largest_share(set_.labels);
    choose_hidden();
    const auto groups = audit::duplicate_groups(set_);
    for (std::size_t n = 0; n < groups.size(); ++n) audit_.duplicates += groups[n] != n ? 1 : 0;
    folds_ = audit::stratified_folds(set_.labels, groups, o_.folds, o_.seed);
    audit_.tested_folds = o_.quick ? 1 : o_.folds;
    if (!o_.wishes.no_equalise) variants_.push_back(make_variant(true));
    variants_.push_back(make_variant(false));
  }

  ChunkAudit run(const std::function<void(const ChunkAudit&, const ChunkAuditRow&)>& on_row) {
    const Stopwatch watch;
    const auto add = [&](ChunkAuditRow row) {
      audit_.rows.push_back(std::move(row));
      if (on_row) on_row(audit_, audit_.rows.back());
    };
    for (const std::string& word : o_.policies) {
      const Policy policy = message::parse_policy(word);
      if (policy != Policy::features) {
        add(measure_blind(policy));
        continue;
      }
      for (const Variant& variant : variants_) {
        for (const double threshold : thresholds_) add(measure(policy, variant, threshold));
      }
    }
    audit_.seconds = watch.seconds();
    return std::move(audit_);
  }

 private:
  /// What can be refused is, before anything is read.
  image::Dataset checked_set(const Notes& note) {
    for (const std::string& word : o_.thresholds) thresholds_.push_back(threshold_of(word));
    for (const std::string& word : o_.policies) message::parse_policy(word);
    for (const std::string& word : o_.attacks) {
      if (std::ranges::find(kAttacks, word) == kAttacks.end()) {
        throw UsageError(
            fmt::format("--attack is '{}', expected some of {}", word.substr(0, 40), fmt::join(kAttacks, ",")));
      }
    }
    parse_chunk_score(o_.wishes.score);
    parse_chunk_size(o_.wishes.size, "--size");
    return load_whole(o_, note);
  }

  void choose_hidden() {
    audit_.hidden = o_.hidden == 0 ? usual_hidden_chunks(audit_.cut) : o_.hidden;
    if (audit_.hidden > audit_.cut.count()) {
      throw UsageError(
          fmt::format("--hidden-chunks is {}, but a picture has {} chunks", o_.hidden, audit_.cut.count()));
    }
  }

  Variant make_variant(bool equalise) {
    Variant variant{equalise, std::vector<image::Image>(set_.count)};
    pool_.parallel_for(set_.count, [&](std::size_t n) {
      variant.pictures[n] = set_.image(n);
      if (equalise) variant.pictures[n].pixels = equalised(variant.pictures[n].pixels);
    });
    return variant;
  }

  /// Every picture is really encrypted, and its query read.
  std::vector<ServerView> views_of(Policy policy, bool equalise, double threshold) {
    ChunkQueries queries{audit_.cut, set_.classes.size(), {}, equalise};
    queries.wishes.policy = to_string(policy);
    if (policy == Policy::features) queries.wishes.threshold = threshold, queries.wishes.score = o_.wishes.score;
    if (policy == Policy::hidden) queries.wishes.hidden_chunks = audit_.hidden;
    std::vector<image::Image> pictures;
    for (std::size_t n = 0; n < set_.count; ++n) pictures.push_back(set_.image(n));
    return server_views(queries, pictures, pool_);
  }

  /// Attacks once what does not depend on preprocessing, which it finds out by looking at all views. No threshold is
  /// part of such a query.
  ChunkAuditRow measure_blind(Policy policy) {
    const auto views = views_of(policy, variants_.front().equalised, 0);
    ChunkAuditRow row = measure(policy, variants_.front(), 0, views);
    for (std::size_t i = 1; i < variants_.size(); ++i) {
      const auto others = views_of(policy, variants_[i].equalised, 0);
      row.same_views = row.same_views && std::ranges::all_of(others, [&](const auto& v) { return v == views.front(); });
    }
    row.threshold.reset();
    return row;
  }

  ChunkAuditRow measure(Policy policy, const Variant& variant, double threshold) {
    return measure(policy, variant, threshold, views_of(policy, variant.equalised, threshold));
  }

  ChunkAuditRow measure(Policy policy, const Variant& variant, double threshold, const std::vector<ServerView>& views) {
    ChunkAuditRow row;
    row.policy = policy, row.equalised = variant.equalised, row.threshold = threshold;
    measure_savings(row, views);
    row.map = audit::map_entropy(views, set_.labels, o_.seed);
    guess_classes(row, views);
    if (wanted("inpainting")) {
      row.drawn = audit::reconstruct(audit_.cut, views, variant.pictures, pool_);
      row.sheet = chunk_sheet({audit_.cut, variant.pictures, views, set_.labels, set_.classes.size()}, row_text(row));
    }
    return row;
  }

  void measure_savings(ChunkAuditRow& row, const std::vector<ServerView>& views) const {
    row.least_bytes = row.most_bytes = views.front().bytes;
    row.same_views = true;
    std::size_t encrypted = 0, bytes = 0, all_plain = 0, all_encrypted = 0;
    for (const ServerView& view : views) {
      const std::size_t chunks = encrypted_of(row.policy, view);
      encrypted += chunks, bytes += view.bytes;
      all_plain += chunks == 0 ? 1 : 0;
      all_encrypted += chunks == audit_.cut.count() ? 1 : 0;
      row.least_bytes = std::min(row.least_bytes, view.bytes), row.most_bytes = std::max(row.most_bytes, view.bytes);
      row.same_views = row.same_views && view == views.front();
    }
    const auto share = [](std::size_t part, std::size_t whole) {
      return static_cast<double>(part) / static_cast<double>(whole);
    };
    row.encrypted = share(encrypted, views.size() * audit_.cut.count()), row.bytes = share(bytes, views.size());
    row.all_plain = share(all_plain, views.size()), row.all_encrypted = share(all_encrypted, views.size());
  }

  std::size_t encrypted_of(Policy policy, const ServerView& view) const {
    if (policy == Policy::features) return count_features(view.indices);
    return policy == Policy::hidden ? audit_.hidden : audit_.cut.count();
  }

  bool wanted(const std::string& attack) const { return std::ranges::find(o_.attacks, attack) != o_.attacks.end(); }

  void guess_classes(ChunkAuditRow& row, const std::vector<ServerView>& views) {
    Progress progress(row_text(row),
                      static_cast<std::size_t>(
                          std::ranges::count_if(o_.attacks, [](const auto& attack) { return attack != "inpainting"; })),
                      "attackers", progress_);
    const auto forest = [&](const char* name, const audit::FeatureRows& rows) {
      row.attackers.push_back(judge(name, audit::forest_guesser(rows, o_.trees), audit_.tested_folds, pool_));
      progress.advance();
    };
    if (wanted("count")) forest("count", audit::count_rows(views));
    if (wanted("map")) forest("map", audit::map_rows(audit_.cut, views));
    if (wanted("statistics")) forest("statistics", audit::plain_rows(audit_.cut, views));
    if (!wanted("network")) return;
    // As for training: a small network is fastest with one thread, and much slower with more than are free.
    const audit::ChunkNetworkOptions options{set_.classes.size(), o_.quick ? kQuickEpochs : o_.epochs, o_.seed,
                                             std::max<std::size_t>(o_.threads, 1)};
    row.attackers.push_back(judge("network", audit::network_guesser(audit_.cut, views, options), 1, single_));
    progress.advance();
  }

  /// `null_folds`: that labels are shuffled in.
  ChunkAttacker judge(const char* name, const audit::Guesser& guesser, std::size_t null_folds, ThreadPool& pool) const {
    audit::Validation validation{set_.labels, folds_, audit_.tested_folds, o_.seed};
    ChunkAttacker attacker{name, audit::cross_validate(validation, guesser, false, pool), {}, {}, {}};
    validation.run = null_folds;
    attacker.null = audit::cross_validate(validation, guesser, true, pool);
    attacker.interval = report::wilson_interval(attacker.real.right, attacker.real.tested);
    attacker.null_interval = report::wilson_interval(attacker.null.right, attacker.null.tested);
    return attacker;
  }

  ChunkAuditOptions o_;
  bool progress_;
  ThreadPool pool_, single_;
  std::vector<double> thresholds_;
  image::Dataset set_;
  ChunkAudit audit_;
  std::vector<std::size_t> folds_;
  std::vector<Variant> variants_;
};

}  // namespace

ChunkAudit audit_chunks(const ChunkAuditOptions& options, const Notes& note, bool progress,
                        const std::function<void(const ChunkAudit&, const ChunkAuditRow&)>& on_row) {
  return Auditor(options, note, progress).run(on_row);
}

std::string row_text(const ChunkAuditRow& row) {
  if (!row.threshold) return fmt::format("any preprocessing, {}", to_string(row.policy));
  return fmt::format("{}, threshold {:g}, {}", row.equalised ? "histogram equalised" : "as they are", *row.threshold,
                     to_string(row.policy));
}

}  // namespace obscura::study
