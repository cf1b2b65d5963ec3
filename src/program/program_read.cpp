#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "circuits/gated.h"
#include "message/client_wire.h"
#include "program/compressed.h"
#include "program/map_wire.h"
#include "program/program_wire.h"
#include "program/program_wire_parts.h"
#include "program/validate.h"

namespace obscura::program {
namespace {

constexpr std::size_t kMostBody = std::size_t{1} << 32, kMostEntries = std::size_t{1} << 28;
constexpr std::size_t kMostValues = std::size_t{1} << 20, kMostStages = 4096, kMostDegree = 63;
/// Values of all chunks side by side.
constexpr std::size_t kMostMerged = std::size_t{1} << 24;

using Groups = std::vector<std::vector<std::int64_t>>;
using LayoutPtr = std::shared_ptr<const Layout>;

std::size_t get_count(ByteReader& r, std::size_t most, const char* what) {
  const std::size_t count = r.u32();
  if (count > most)
    r.fail(std::string("has ") + std::to_string(count) + " " + what + ", at most " + std::to_string(most));
  return count;
}

/// Of things that take so many bytes each.
std::size_t get_list(ByteReader& r, std::size_t bytes_each, const char* what) {
  return get_count(r, r.left() / bytes_each, what);
}

bool get_mark(ByteReader& r) {
  const std::uint8_t mark = r.u8();
  if (mark > 1) r.fail("has a mark that is neither 0 nor 1");
  return mark == 1;
}

double get_finite(ByteReader& r) {
  const double value = r.f64();
  if (!std::isfinite(value)) r.fail("holds a number that is not finite");
  return value;
}

std::vector<double> get_doubles(ByteReader& r) {
  std::vector<double> values(get_list(r, 8, "numbers"));
  for (double& v : values) v = get_finite(r);
  return values;
}

Shape get_shape(ByteReader& r) {
  Shape shape;
  shape.channels = get_count(r, kMostMerged, "channels");
  shape.height = get_count(r, kMostValues, "rows");
  shape.width = get_count(r, kMostValues, "columns");
  const bool good = shape.channels > 0 && shape.height > 0 && shape.width > 0 &&
                    shape.height * shape.width <= kMostValues && shape.size() <= kMostMerged;
  if (!good) r.fail("has a tensor of no size that a program has");
  return shape;
}

/// Reads the body of one program.
class Reader {
 public:
  Reader(ByteReader& r, Program& program) : r_(r), program_(program), slots_(program.client.slots()) {}

  void read() {
    const auto& client = program_.client;
    read_chain();
    read_merge();
    read_arrangement();
    read_layouts();
    values_.push_back(program_.input());
    const std::size_t stages = get_count(r_, kMostStages, "stages");
    if (stages == 0) r_.fail("has no stage");
    const bool packed = client.mode == message::Mode::packed;
    if (packed == layouts_.empty()) r_.fail("has layouts of another mode");
    if (program_.merge && program_.merge->value >= stages) r_.fail("merges chunks behind its last stage");
    for (std::size_t i = 0; i < stages; ++i) {
      merge_before(i);
      packed ? read_packed() : read_batched();
    }
    if (used_ != layouts_.size()) r_.fail("has layouts that nothing uses");
    if (values_.back().size() != client.outputs) r_.fail("makes another number of logits than its client spec reads");
  }

 private:
  void read_chain() {
    const auto& parameters = program_.client.parameters;
    Schedule& s = program_.schedule;
    s.log_degree = parameters.log_degree;
    s.digit_size = parameters.digit_size;
    for (const std::uint64_t q : parameters.q) s.q_bits.push_back(static_cast<int>(std::bit_width(q)));
    for (const std::uint64_t p : parameters.p) s.p_bits.push_back(static_cast<int>(std::bit_width(p)));
    s.input_bits = get_finite(r_);
    s.logit_error = get_finite(r_);
    s.noise = get_finite(r_);
    program_.microseconds = get_finite(r_);
    const std::size_t reasons = get_count(r_, 64, "reasons");
    for (std::size_t i = 0; i < reasons; ++i) s.reasons.push_back(r_.text());
  }

  void read_merge() {
    const std::uint8_t kind = get_byte(2, "way to merge chunks");
    const auto& chunks = program_.client.chunks;
    if ((kind != 0) != chunks.has_value())
      r_.fail("merges chunks that its client spec does not cut, or does not merge them");
    if (kind == 0) return;
    Merge merge{kind == 1 ? Merge::Kind::sum : Merge::Kind::concat};
    merge.value = get_count(r_, kMostStages, "stages before chunks are merged");
    merge.count = get_count(r_, kMaxChunks, "chunks");
    if (merge.count != chunks->cut.used()) r_.fail("merges other chunks than its client spec encrypts");
    const bool packed = program_.client.mode == message::Mode::packed;
    const bool some = chunks->policy == message::Policy::features || chunks->policy == message::Policy::hidden;
    if (kind == 2 && (!packed || some)) r_.fail("puts chunks in an order that its policy does not have");
    program_.merge = merge;
  }

  void read_arrangement() {
    if (!get_mark(r_)) return;
    const auto& client = program_.client;
    if (client.chunks || client.mode != message::Mode::packed) r_.fail("arranges what is encrypted value by value");
    Arrangement arrangement{client.input, get_shape(r_), {}};
    arrangement.source.resize(get_list(r_, 4, "arranged values"));
    for (auto& from : arrangement.source) from = r_.u32();
    if (!is_whole(arrangement)) r_.fail("has an arrangement that is not of every value of a picture");
    program_.arrangement = std::move(arrangement);
  }

  /// Stages from the merge on read it and nothing before it.
  void merge_before(std::size_t stage) {
    if (!program_.merge || program_.merge->value != stage) return;
    first_value_ = stage;
    if (program_.client.mode == message::Mode::batched) return;
    const Merge& merge = *program_.merge;
    const bool sum = merge.kind == Merge::Kind::sum;
    const std::size_t copies = sum ? program_.client.chunks->wide : merge.count;
    const std::size_t size = values_.back().size();
    if (size > kMostMerged / copies) r_.fail("merges more values than a program has");
    values_.back() = {size * copies, 1, 1};
  }

  std::size_t places() const { return slots_ / program_.width_at(program_.packed.size()); }

  void read_layouts() {
    const std::size_t count = get_list(r_, 9, "layouts");
    for (std::size_t i = 0; i < count; ++i) {
      auto layout = std::make_shared<Layout>();
      layout->period = get_count(r_, UINT32_MAX, "places a period");
      if (layout->period == 0 || layout->period > slots_ * kMostStages) r_.fail("has an impossible period");
      layout->clean = get_mark(r_);
      layout->gap = get_count(r_, slots_, "places of a value");
      layout->position.resize(get_list(r_, 4, "places"));
      std::uint32_t place = 0;
      for (auto& p : layout->position) {
        place += r_.u32();
        if (place >= layout->period) r_.fail("has a place outside its layout");
        p = place;
      }
      read_windows(*layout);
      check_gap(*layout);
      for (const LayoutPtr& other : layouts_) {
        if (other->same_places(*layout)) r_.fail("has a layout twice");
      }
      layouts_.push_back(std::move(layout));
    }
  }

  /// Places of values that have several: the first of each is its position.
  void read_windows(Layout& layout) {
    const std::size_t aligned = r_.u32();
    if (aligned == 0) return;
    if (!std::has_single_bit(aligned) || aligned > slots_) r_.fail("has windows at places that do not line up");
    Windows windows{{}, {}, aligned};
    for (auto* list : {&windows.begin, &windows.places}) {
      list->resize(get_list(r_, 4, "places of windows"));
      for (auto& v : *list) v = r_.u32();
    }
    const std::size_t values = layout.position.size();
    bool good = windows.begin.size() == values + 1 && windows.begin.front() == 0 &&
                windows.begin.back() == windows.places.size();
    for (std::size_t i = 0; good && i < values; ++i) {
      const std::size_t first = windows.begin[i], end = windows.begin[i + 1];
      good = first < end && end <= windows.places.size() && windows.places[first] == layout.position[i];
      for (std::size_t k = first; good && k < end; ++k) {
        good = windows.places[k] < layout.period && (k == first || windows.places[k] > windows.places[k - 1]);
      }
    }
    if (!good) r_.fail("has windows that do not hold its values");
    layout.windows = std::move(windows);
  }

  void check_gap(const Layout& layout) {
    bool good = std::has_single_bit(layout.gap) && (layout.gap == 1 || !layout.windows);
    for (std::size_t i = 0; good && layout.gap > 1 && i < layout.position.size(); ++i) {
      good = layout.position[i] == i * layout.gap;
    }
    if (!good) r_.fail("has values at other places than their own");
  }

  LayoutPtr get_layout(std::size_t values) {
    const std::size_t number = r_.u32();
    if (number > used_ || number >= layouts_.size()) r_.fail("names a layout that is not there, or not yet");
    used_ += number == used_ ? 1 : 0;
    if (layouts_[number]->position.size() != values) r_.fail("names a layout of another number of values");
    const std::size_t period = layouts_[number]->period;
    if (period < places() ? !std::has_single_bit(period) : period % places() != 0) r_.fail("has an impossible period");
    return layouts_[number];
  }

  void read_coefficients(Stage& stage) {
    const std::size_t rows = get_count(r_, kMostValues, "polynomials");
    const bool polynomial = stage.activation == Stage::Activation::polynomial;
    const bool gated = stage.activation == Stage::Activation::gated;
    if (gated && (rows == 0 || rows > circuits::kMaxGatePolynomials)) r_.fail("has a gate of no polynomials that run");
    if (!gated && (polynomial ? rows != 1 && rows != stage.output.channels : rows != 0))
      r_.fail("has polynomials for other channels");
    for (std::size_t i = 0; i < rows; ++i) {
      stage.coefficients.push_back(get_doubles(r_));
      const std::size_t size = stage.coefficients.back().size();
      if (size < 2 || size > kMostDegree + 1 || (!gated && size != stage.coefficients.front().size())) {
        r_.fail("has a polynomial of no degree that runs");
      }
    }
  }

  void read_schedule(StageSchedule& s, StageScales& scales) {
    const std::size_t most = program_.client.parameters.q.size();
    s.limbs = get_count(r_, most, "limbs");
    s.weight_bits = get_finite(r_);
    s.rescales_after_map = get_count(r_, most, "rescalings");
    s.activation_limbs = get_count(r_, most, "limbs");
    s.relinearize_after_rescale = get_mark(r_);
    s.rescales_after_activation = get_count(r_, most, "rescalings");
    scales.weights = get_doubles(r_);
    scales.after_map = get_finite(r_);
    scales.after_activation = get_finite(r_);
    for (const double scale : scales.weights) {
      if (!(scale > 0)) r_.fail("has a scale that is not positive");
    }
    if (!(scales.after_map > 0 && scales.after_activation > 0)) r_.fail("has a scale that is not positive");
  }

  void read_stage(Stage& stage, StageSchedule& s, StageScales& scales) {
    stage.name = r_.text();
    stage.output = get_shape(r_);
    stage.activation = static_cast<Stage::Activation>(get_byte(3, "activation"));
    stage.basis = static_cast<circuits::Basis>(get_byte(1, "basis"));
    read_coefficients(stage);
    read_schedule(s, scales);
    const std::size_t terms = get_count(r_, values_.size(), "terms");
    if (terms == 0 || terms != scales.weights.size()) r_.fail("has other terms than scales");
    for (std::size_t k = 0; k < terms; ++k) {
      Term term;
      term.value = r_.u32();
      term.input = get_shape(r_);
      if (term.value >= values_.size() || term.value < first_value_) {
        r_.fail("reads a value that is not there, or not yet");
      }
      const bool again = std::ranges::any_of(stage.terms, [&](const Term& t) { return t.value == term.value; });
      term.map = get_map(r_, kMostEntries - entries_);
      entries_ += term.map.entries();
      if (again || term.input.size() != values_[term.value].size() || term.map.columns != term.input.size() ||
          term.map.rows.size() != stage.output.size()) {
        r_.fail("has a matrix that does not fit what it reads or makes");
      }
      stage.terms.push_back(std::move(term));
    }
    values_.push_back(stage.output);
    program_.schedule.stages.push_back(s);
  }

  std::uint8_t get_byte(std::uint8_t most, const char* what) {
    const std::uint8_t value = r_.u8();
    if (value > most) r_.fail(std::string("has an unknown ") + what);
    return value;
  }

  std::vector<std::int64_t> get_steps() {
    std::vector<std::int64_t> steps(get_list(r_, 8, "steps"));
    for (auto& step : steps) {
      step = static_cast<std::int64_t>(r_.u64());
      if (step <= -static_cast<std::int64_t>(slots_) || step >= static_cast<std::int64_t>(slots_)) {
        r_.fail("has a rotation by all slots or more");
      }
    }
    return steps;
  }

  Groups get_groups() {
    Groups groups(get_count(r_, 64, "groups of rotations"));
    for (auto& group : groups) group = get_steps();
    return groups;
  }

  circuits::BlockPlan get_plan() {
    circuits::BlockPlan plan;
    plan.outputs = get_count(r_, kMostStages, "ciphertexts");
    plan.inputs = get_count(r_, kMostStages, "ciphertexts");
    plan.babies = get_steps();
    plan.giants = get_steps();
    plan.terms.resize(get_list(r_, 24, "diagonals"));
    for (auto& t : plan.terms) {
      t.output = r_.u32(), t.giant = r_.u32(), t.input = r_.u32(), t.baby = r_.u32();
      t.offset = static_cast<std::int64_t>(r_.u64());
      const bool inside = t.output < plan.outputs && t.input < plan.inputs && t.giant < plan.giants.size() &&
                          t.baby < plan.babies.size() && t.offset > -static_cast<std::int64_t>(slots_) &&
                          t.offset < static_cast<std::int64_t>(slots_);
      if (!inside) r_.fail("has a diagonal outside its plan");
      const std::int64_t sum = plan.giants[t.giant] + plan.babies[t.baby] - t.offset;
      if (sum % static_cast<std::int64_t>(slots_) != 0) r_.fail("has a diagonal that its steps do not reach");
    }
    return plan;
  }

  void read_input(PackedStage& stage, const Term& term) {
    PackedStage::Input input;
    input.layout = get_layout(term.map.columns);
    input.copies = get_count(r_, slots_, "copies");
    input.spread = get_groups();
    const std::size_t window = std::min({stage.output->period, input.layout->period, places()});
    if (!std::has_single_bit(input.copies) || input.copies > window) r_.fail("has an impossible number of copies");
    stage.inputs.push_back(std::move(input));
  }

  void read_packed() {
    PackedStage stage;
    stage.width = program_.width_at(program_.packed.size());
    read_stage(stage.stage, stage.schedule, stage.scales);
    stage.layout = r_.text();
    stage.output = get_layout(stage.stage.output.size());
    stage.unfolded = get_mark(r_);
    stage.microseconds = get_finite(r_);
    stage.key_megabytes = get_finite(r_);
    for (const Term& term : stage.stage.terms) read_input(stage, term);
    stage.fold = get_groups();
    const bool hoisted = !get_mark(r_);
    stage.method = hoisted ? PackedStage::Method::hoisted : PackedStage::Method::blocks;
    auto plan = get_plan();
    if (hoisted) {
      if (plan.outputs != 1 || plan.inputs != 1) r_.fail("has a plan of blocks in the place of one of a single matrix");
      stage.hoisted.babies = std::move(plan.babies);
      stage.hoisted.giants = std::move(plan.giants);
      for (const auto& t : plan.terms) stage.hoisted.terms.push_back({t.giant, t.baby, t.offset});
      stage.hoisted.microseconds = stage.microseconds;
      stage.hoisted.key_megabytes = stage.key_megabytes;
    } else {
      stage.blocks = std::move(plan);
    }
    program_.packed.push_back(std::move(stage));
  }

  void read_batched() {
    BatchedStage stage;
    read_stage(stage.stage, stage.schedule, stage.scales);
    stage.relinearize_before_map = get_mark(r_);
    program_.batched.push_back(std::move(stage));
  }

  ByteReader& r_;
  Program& program_;
  std::size_t slots_;
  std::size_t first_value_ = 0;  ///< that may be read
  std::size_t entries_ = 0;
  std::vector<LayoutPtr> layouts_;
  std::size_t used_ = 0;  ///< layouts named so far
  std::vector<Shape> values_;
};

}  // namespace

Program read_body(ckks::ByteSpan body, std::string_view what) {
  ByteReader r(body, std::string(what));
  Program program;
  program.client = message::read_client_spec(r.raw(r.u32()), what);
  const bool named = program.client.program != ckks::Digest{} || program.client.key != ckks::KeyId{};
  if (named) r.fail("has a client spec that names a program or a key");
  Reader(r, program).read();
  r.finish();
  try {
    validate(program, {}, *ckks::Context::create(program.client.parameters));
  } catch (const UnsupportedError& e) {
    throw FormatError(std::string(what) + " contradicts itself: " + e.what());
  }
  program.client.program = name_of(body);
  return program;
}

Program read_program(ckks::ByteSpan bytes, std::string_view what) {
  const auto envelope = ckks::open_envelope(bytes, ckks::Kind::program, what);
  ByteReader r(envelope.payload, std::string(what));
  if (r.u8() != kProgramVersion) r.fail("was made by another version of obscura: compile the network again");
  auto program = read_body(decompress(r.raw(r.left()), kMostBody, what), what);
  const bool same = ckks::digest_of(program.client.parameters) == envelope.digest;
  if (!same) r.fail("has parameters that are not those it names");
  return program;
}

}  // namespace obscura::program
