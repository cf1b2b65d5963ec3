#include "compile/packed_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "base/error.h"
#include "circuits/rotation_sum.h"
#include "compile/packed_keys.h"
#include "compile/packed_windows.h"
#include "program/slot_map.h"

namespace obscura::compile {
namespace {

using Method = PackedStage::Method;
using LayoutId = std::size_t;

/// Ways to come so far that are followed up.
constexpr std::size_t kBeam = 6;
/// Diagonals of one stage: so many always, more where the ring is small enough for the memory that they may take, and
/// never so many that the search among them would take minutes.
constexpr std::size_t kFewDiagonals = 40000, kManyDiagonals = std::size_t{1} << 18;
constexpr std::size_t kDiagonalBytes = std::size_t{1} << 33;
/// Megabytes of plaintexts that a stage may have encoded ahead of time.
constexpr double kHoistedMegabytes = 400;
constexpr std::size_t kMostCopies = 16;
constexpr std::size_t kMostPhases = 3;
/// Ciphertexts of the windows of a first layer.
constexpr std::size_t kMostWindowCiphertexts = 4;
/// A query goes up a line of 100 Mbit/s.
constexpr double kMicrosecondsPerQueryMegabyte = 80000;

/// Distinct layouts, so that equal ones are one number.
class Layouts {
 public:
  LayoutId add(Layout layout) {
    for (LayoutId id = 0; id < all_.size(); ++id) {
      if (all_[id]->same_places(layout)) return id;
    }
    all_.push_back(std::make_shared<const Layout>(std::move(layout)));
    return all_.size() - 1;
  }
  const std::shared_ptr<const Layout>& operator[](LayoutId id) const { return all_[id]; }

 private:
  std::vector<std::shared_ptr<const Layout>> all_;
};

/// A diagonal is kept as a 32-bit integer a coefficient (circuits::BlockTransform).
std::size_t most_diagonals(const ckks::Context& context) {
  return std::clamp(kDiagonalBytes / (4 * context.degree()), kFewDiagonals, kManyDiagonals);
}

double key_megabytes(const std::vector<std::vector<std::int64_t>>& groups, const circuits::StepCosts& costs) {
  double sum = 0;
  for (const auto& group : groups) sum += static_cast<double>(group.size()) * costs.key_megabytes;
  return sum;
}

class Search {
 public:
  Search(std::span<const Stage> stages, std::span<const StageSchedule> schedule, const ckks::Context& context,
         SearchOptions options)
      : stages_(stages),
        schedule_(schedule),
        context_(context),
        slots_(options.slots),
        last_(options.last),
        gaps_(options.gaps && !options.input),
        windows_(options.windows),
        input_(std::move(options.input)),
        copies_(options.copies),
        last_use_(last_uses(stages)) {}

  PackedChoice run() {
    std::vector<State> beam = starts();
    for (std::size_t i = 0; i < stages_.size(); ++i) beam = step(i, beam);
    const State& best =
        *std::min_element(beam.begin(), beam.end(), [](const State& a, const State& b) { return a.cost < b.cost; });
    PackedChoice choice;
    choice.input = layouts_[best.start];
    for (const PricedStage* stage : best.path) choice.stages.push_back(*stage);
    return choice;
  }

 private:
  struct State {
    LayoutId start = 0;
    std::vector<LayoutId> values;  // layout of every value so far
    std::vector<const PricedStage*> path;
    double cost = 0;
  };
  /// A stage between layouts: its number, output, copies, most diagonals, inputs.
  using Key = std::vector<std::size_t>;

  std::vector<State> starts() {
    std::vector<State> result;
    if (input_) {
      const LayoutId id = layouts_.add(*input_);
      return {{id, {id}, {}, 0}};
    }
    const Shape& shape = stages_.front().terms.front().input;
    for (std::size_t phases = 0; phases <= kMostPhases; ++phases) {
      const std::size_t cut = std::size_t{1} << phases;
      // Phases are of use to strides; they must not make a plane larger.
      if (phases > 0 && (shape.height % cut != 0 || shape.width % cut != 0 || shape.height / cut < 4 || !strided(cut)))
        break;
      for (Layout& layout : dealt(image_layout(shape, slots_, phases))) {
        const LayoutId id = layouts_.add(std::move(layout));
        result.push_back({id, {id}, {}, upload(id)});
      }
    }
    if (!windows_) return result;
    if (auto windows = window_layouts(stages_.front(), slots_, kMostWindowCiphertexts * slots_)) {
      const LayoutId id = layouts_.add(std::move(windows->input));
      of_windows_ = std::move(windows->output);
      result.push_back({id, {id}, {}, upload(id)});
    }
    return result;
  }

  /// Channels in their order, and where they are those of copies also in turn.
  std::vector<Layout> dealt(Layout layout) const {
    std::vector<Layout> ways;
    const std::size_t channels = layout.grid ? layout.grid->channels.size() : 0;
    if (copies_ > 1 && channels > copies_ && channels % copies_ == 0) ways.push_back(program::in_turn(layout, copies_));
    ways.push_back(std::move(layout));
    return ways;
  }

  /// What a query costs to send; its second part is a seed.
  double upload(LayoutId id) const {
    const double bytes = context_.log_q(context_.max_limbs()) / 8 * static_cast<double>(context_.degree());
    return static_cast<double>(layouts_[id]->ciphertexts(slots_)) * bytes * 1e-6 * kMicrosecondsPerQueryMegabyte;
  }

  /// Whether the network goes down by this factor on the grid.
  bool strided(std::size_t factor) const {
    std::vector<std::size_t> down(stages_.size() + 1, 1);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const Term& term = stages_[i].terms.front();
      down[i + 1] = down[term.value] * term.stride[0];
      if (stages_[i].output.height * stages_[i].output.width > 1 && down[i + 1] >= factor) return true;
    }
    return false;
  }

  std::vector<State> step(std::size_t i, const std::vector<State>& beam) {
    // Layouts with more diagonals are looked at only where there is no other.
    auto next = continued(i, beam, kFewDiagonals);
    if (next.empty()) next = continued(i, beam, most_diagonals(context_));
    if (next.empty()) refuse_diagonals(stages_[i]);
    return keep_best(i, std::move(next));
  }

  /// Every state with every way to do the stage behind it that has at most so many diagonals.
  std::vector<State> continued(std::size_t i, const std::vector<State>& beam, std::size_t most) {
    std::vector<State> next;
    for (const State& state : beam) {
      for (const auto& [output, copies, unfolded] : candidates(i, state)) {
        const PricedStage* priced = price(i, state, output, copies, unfolded, most);
        if (priced == nullptr) continue;
        State grown = state;
        grown.values.push_back(layouts_.add(*priced->output));
        grown.path.push_back(priced);
        grown.cost += priced->microseconds + kMicrosecondsPerKeyMegabyte * priced->key_megabytes;
        next.push_back(std::move(grown));
      }
    }
    return next;
  }

  [[noreturn]] void refuse_diagonals(const Stage& stage) const {
    const Shape& in = stage.terms.front().input;
    const auto text = [](const Shape& s) {
      return std::to_string(s.channels) + " x " + std::to_string(s.height) + " x " + std::to_string(s.width);
    };
    throw UnsupportedError("layer " + stage.name + " takes more than " + std::to_string(most_diagonals(context_)) +
                           " diagonals in every layout, from " + text(in) + " values to " + text(stage.output) +
                           ": use smaller images, a larger stride, fewer channels, or --mode batched");
  }

  /// One state for each set of layouts that can still be seen, the cheapest few of them.
  std::vector<State> keep_best(std::size_t i, std::vector<State> states) const {
    std::stable_sort(states.begin(), states.end(), [](const State& a, const State& b) { return a.cost < b.cost; });
    std::vector<State> kept;
    std::vector<Key> seen;
    for (State& state : states) {
      Key alive;
      for (std::size_t v = 0; v < state.values.size(); ++v) {
        if (last_use_[v] > i) alive.push_back(state.values[v]);
      }
      if (std::find(seen.begin(), seen.end(), alive) != seen.end()) continue;
      seen.push_back(std::move(alive));
      kept.push_back(std::move(state));
      if (kept.size() == kBeam) break;
    }
    return kept;
  }

  struct Candidate {
    Layout output;
    std::size_t copies;
    bool unfolded;
  };

  std::vector<Candidate> candidates(std::size_t i, const State& state) {
    const Stage& stage = stages_[i];
    const bool last = last_ && i + 1 == stages_.size();
    std::vector<Candidate> result;
    if (i == 0 && layouts_[state.start]->windows && !last) return {{of_windows_, 1, false}};
    if (!last) {
      std::vector<LayoutId> tried;
      for (const Term& term : stage.terms) {
        const LayoutId from = state.values[term.value];
        if (!layouts_[from]->grid || std::find(tried.begin(), tried.end(), from) != tried.end()) continue;
        tried.push_back(from);
        for (Layout& layout : grid_layouts(*layouts_[from]->grid, term.stride, stage.output, slots_)) {
          for (Layout& way : dealt(std::move(layout))) result.push_back({std::move(way), 1, false});
        }
      }
    }
    // An activation acts on finished sums, so only a stage without one leaves them to the reply.
    const bool unfolded = last && stage.activation == Stage::Activation::none;
    const std::size_t most_copies = stage.terms.size() == 1 ? kMostCopies : 1;
    for (std::size_t copies = 1; copies <= most_copies; copies *= 2) {
      Layout layout = dense_layout(stage.output.size(), slots_);
      if (last && layout.ciphertexts(slots_) > message::kMostReplies) {
        throw UnsupportedError(
            "layer " + stage.name + " has more outputs than " + std::to_string(message::kMostReplies) +
            " replies hold, " + std::to_string(stage.output.size()) + " at " + std::to_string(slots_) +
            " an image each: use " + (slots_ < context_.slots() ? "fewer --images-per-ciphertext, or " : "") +
            "--mode batched");
      }
      result.push_back({std::move(layout), copies, unfolded});
    }
    // Only the last stage reads them: what rounding makes of them is known there (left_error).
    if (gaps_ && i + 2 == stages_.size() && leaves_gaps(stage, state))
      result.push_back({gapped_layout(stage.output.size(), slots_), 1, false});
    return result;
  }

  /// Whether a stage may leave sums between its results: of a few values, which a square keeps within bounds.
  bool leaves_gaps(const Stage& stage, const State& state) const {
    using Activation = Stage::Activation;
    const bool bounded = stage.activation == Activation::none || stage.activation == Activation::square;
    return bounded && stage.output.height * stage.output.width == 1 &&
           2 * std::bit_ceil(stage.output.size()) <= slots_ && std::ranges::all_of(stage.terms, [&](const Term& term) {
             return layouts_[state.values[term.value]]->period <= slots_;
           });
  }

  const PricedStage* price(std::size_t i, const State& state, Layout output, std::size_t copies, bool unfolded,
                           std::size_t most) {
    // Only a square keeps empty slots at zero, and only a folded sum leaves them there.
    output.clean = !unfolded && output.gap == 1 && stages_[i].activation != Stage::Activation::polynomial;
    const LayoutId to = layouts_.add(std::move(output));
    Key key{i, to, copies, most};
    for (const Term& term : stages_[i].terms) key.push_back(state.values[term.value]);
    const auto [it, fresh] = priced_.try_emplace(key);
    if (fresh) it->second = make(i, state, layouts_[to], copies, unfolded, most);
    return it->second.get();
  }

  std::unique_ptr<PricedStage> make(std::size_t i, const State& state, const std::shared_ptr<const Layout>& output,
                                    std::size_t copies, bool unfolded, std::size_t most) {
    const Stage& stage = stages_[i];
    Placement placement{{}, output.get(), unfolded, slots_};
    for (const Term& term : stage.terms) placement.inputs.push_back({layouts_[state.values[term.value]].get(), copies});
    const SlotMap map(stage, placement);
    if (!map.possible()) return nullptr;
    const auto offsets = map.offsets(most, &patterns_at(i));
    if (offsets.empty()) return nullptr;
    const StageSchedule& s = schedule_[i];
    const auto costs = circuits::step_costs(context_, s.limbs);
    const auto fold_costs = circuits::step_costs(context_, s.activation_limbs);
    auto priced = std::make_unique<PricedStage>();
    priced->output = output;
    priced->copies.assign(stage.terms.size(), copies);
    priced->unfolded = unfolded;
    priced->factor = map.factor();
    plan(map, offsets, costs, *priced);
    for (std::size_t k = 0; k < stage.terms.size(); ++k) {
      auto groups = circuits::group_rotation_sum(map.spread(k), costs);
      priced->microseconds += circuits::rotation_sum_cost(groups, costs);
      priced->key_megabytes += key_megabytes(groups, costs);
      priced->spread.push_back(std::move(groups));
    }
    priced->fold = circuits::group_rotation_sum(map.fold(), fold_costs);
    priced->microseconds +=
        static_cast<double>(map.outputs()) *
        (circuits::rotation_sum_cost(priced->fold, fold_costs) + activation_cost(stage, context_, s));
    priced->key_megabytes += key_megabytes(priced->fold, fold_costs);
    return priced;
  }

  const program::StagePatterns& patterns_at(std::size_t i) {
    const auto [it, fresh] = patterns_.try_emplace(i);
    if (fresh) it->second = program::patterns_of(stages_[i]);
    return it->second;
  }

  void plan(const SlotMap& map, const std::vector<circuits::BlockOffset>& offsets, const circuits::StepCosts& costs,
            PricedStage& priced) const {
    priced.blocks = circuits::plan_blocks(offsets, {map.outputs(), map.inputs()}, slots_, costs);
    priced.method = Method::blocks;
    priced.microseconds = priced.blocks.microseconds;
    priced.key_megabytes = priced.blocks.key_megabytes;
    const double rows = static_cast<double>(context_.max_limbs() + context_.special_limbs());
    const double plaintexts =
        static_cast<double>(offsets.size()) * rows * 6e-6 * static_cast<double>(context_.degree());
    if (map.inputs() > 1 || map.outputs() > 1 || plaintexts > kHoistedMegabytes) return;
    std::vector<std::int64_t> steps;
    for (const auto& offset : offsets) steps.push_back(offset.offset);
    circuits::LinearPlan hoisted = circuits::plan_linear(steps, slots_, costs);
    const auto total = [](double time, double keys) { return time + kMicrosecondsPerKeyMegabyte * keys; };
    if (total(hoisted.microseconds, hoisted.key_megabytes) > total(priced.microseconds, priced.key_megabytes)) return;
    priced.method = Method::hoisted;
    priced.microseconds = hoisted.microseconds;
    priced.key_megabytes = hoisted.key_megabytes;
    priced.hoisted = std::move(hoisted);
    priced.blocks = {};
  }

  std::span<const Stage> stages_;
  std::span<const StageSchedule> schedule_;
  const ckks::Context& context_;
  std::size_t slots_;
  bool last_;
  /// What is given comes from elsewhere, so how large sums of it get is not known (compile/left_sums.h).
  bool gaps_, windows_;
  std::shared_ptr<const Layout> input_;
  std::size_t copies_;
  std::vector<std::size_t> last_use_;
  Layouts layouts_;
  Layout of_windows_;  ///< what the first stage makes of its windows
  std::map<Key, std::unique_ptr<PricedStage>> priced_;
  std::map<std::size_t, program::StagePatterns> patterns_;  ///< of the stages that were looked at
};

}  // namespace

PackedChoice search_layouts(std::span<const Stage> stages, std::span<const StageSchedule> schedule,
                            const ckks::Context& context, SearchOptions options) {
  return Search(stages, schedule, context, std::move(options)).run();
}

}  // namespace obscura::compile
