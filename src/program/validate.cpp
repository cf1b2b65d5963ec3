#include "program/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace obscura::program {
namespace {

/// What the encoder takes: scales, and integers as wide as a word can carry.
constexpr double kWidestScale = 0x1p60, kWidestInteger = 0x1p62;

constexpr std::size_t kMostMergedPlaces = std::size_t{1} << 24;

[[noreturn]] void refuse(const std::string& layer, const std::string& why, const char* remedy) {
  throw UnsupportedError("layer " + layer + ": " + why + "; " + remedy);
}

constexpr const char* kOtherMode = "this is a fault of the compiler: try the other --mode, and report it";
constexpr const char* kRanges =
    "the layer's values or weights get too large: bring them to a few units (batch norm, smaller weights), or measure "
    "its ranges on your images, obscura compile --calibrate";

bool is_scale(double scale) {
  return scale >= 1 && scale <= kWidestScale;  // not NaN either
}

double largest_of(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) most = std::isfinite(v) ? std::max(most, std::abs(v)) : INFINITY;
  return most;
}

bool is_finite(const Stage& stage) {
  bool finite = std::isfinite(stage.largest()) && std::isfinite(largest_of(stage.bias()));
  for (const auto& row : stage.coefficients) finite = finite && std::isfinite(largest_of(row));
  // largest() takes the maximum, which a NaN does not show in.
  for (const Term& term : stage.terms) {
    const AffineMap::Row* before = nullptr;
    for (const auto& row : term.map.rows) {
      const bool known = before != nullptr && row.shares(*before);
      before = &row;
      if (known) continue;
      finite = finite && std::all_of(row.begin(), row.end(), [](const auto& e) { return std::isfinite(e.value); });
    }
  }
  return finite;
}

/// log2 of half the modulus at this level.
double modulus_bits(const ckks::Context& context, std::size_t limbs) {
  return context.log_q(limbs) - 1;
}

/// Levels, scales and constants of one stage. `limbs_of`: of the values so far; it gets this
/// stage's.
void check_stage(message::Mode mode, const Stage& stage, const StageSchedule& s, const StageScales& scales,
                 const ckks::Context& context, std::vector<std::size_t>& limbs_of) {
  if (!is_finite(stage)) refuse(stage.name, "has weights or constants that are not finite", kRanges);
  if (scales.weights.size() != stage.terms.size()) refuse(stage.name, "has a scale too few or too many", kOtherMode);
  for (const Term& term : stage.terms) {
    if (term.value >= limbs_of.size() || limbs_of[term.value] < s.limbs) {
      refuse(stage.name, "reads a value of a lower level than its own", kOtherMode);
    }
  }
  std::vector<double> all{scales.after_map};
  // Batched weights become integers by themselves; packed ones go through the encoder.
  if (mode == message::Mode::packed) all.insert(all.end(), scales.weights.begin(), scales.weights.end());
  for (const double scale : all) {
    if (!is_scale(scale))
      refuse(stage.name, fmt::format("would need a scale of {:.3g}, not 1 to 2^60", scale), kRanges);
  }
  // Nothing is encoded at this one: it need only be a scale of its level.
  const double made_bits = std::log2(scales.after_activation);
  if (!(made_bits >= 0 && made_bits < context.log_q(std::clamp<std::size_t>(s.limbs, 1, context.max_limbs())))) {
    refuse(stage.name, fmt::format("would make values of scale {:.3g}", scales.after_activation), kRanges);
  }
  const std::size_t after = s.activation_limbs - s.rescales_after_activation;
  const bool levels = s.limbs >= 1 && s.limbs <= context.max_limbs() && s.activation_limbs >= 1 &&
                      s.activation_limbs + s.rescales_after_map == s.limbs && after >= 1 && after <= s.activation_limbs;
  if (!levels) refuse(stage.name, "has levels that contradict each other", kOtherMode);
  std::size_t made = after;
  if (const std::size_t depth = activation_depth(stage); depth > 0) {
    if (depth >= s.activation_limbs) refuse(stage.name, "has fewer levels than its polynomial takes", kOtherMode);
    made = s.activation_limbs - depth;
  }
  limbs_of.push_back(made);
  const double bias = largest_of(stage.bias()) * scales.after_map;
  // Not against the modulus: only the sum has to fit it, and a constant may be larger than that.
  if (bias >= kWidestInteger) {
    refuse(stage.name, fmt::format("has a constant of {:.3g}, too large for its level", largest_of(stage.bias())),
           kRanges);
  }
}

void check_layout(const std::string& layer, const Layout& layout, std::size_t values) {
  const bool inside =
      std::all_of(layout.position.begin(), layout.position.end(), [&](std::uint32_t p) { return p < layout.period; });
  if (layout.position.size() != values || !inside) {
    refuse(layer,
           fmt::format("a layout of {} places and a period of {} for {} values", layout.position.size(), layout.period,
                       values),
           kOtherMode);
  }
}

/// The same of values that it arranges first.
bool lays_out(const message::ClientSpec& client, const Arrangement& arrangement, const Layout& layout) {
  std::size_t places = 0;
  for (std::size_t i = 0; i < arrangement.source.size(); ++i) {
    const auto of_client = client.places_of(arrangement.source[i]), of_layout = layout.places_of(i);
    if (!std::ranges::includes(of_client, of_layout)) return false;
    places += of_layout.size();
  }
  return places == client.input_slots.size();
}

/// Whether the client puts every value where the layout has it.
bool lays_out(const Program& program, const Layout& layout) {
  const message::ClientSpec& client = program.client;
  if (program.arrangement) return lays_out(client, *program.arrangement, layout);
  if (!layout.windows) return client.input_begin.empty() && client.input_slots == layout.position;
  return client.input_begin == layout.windows->begin && client.input_slots == layout.windows->places;
}

/// Whether a stage whose values have several places each can leave its sums there.
void check_gaps(const PackedStage& stage, std::size_t places) {
  if (stage.output->gap == 1) return;
  const bool one = std::ranges::all_of(
      stage.inputs, [&](const auto& input) { return input.copies == 1 && input.layout->period <= places; });
  using Activation = Stage::Activation;
  const bool bounded = stage.stage.activation == Activation::none || stage.stage.activation == Activation::square;
  if (!one || !bounded || stage.unfolded || stage.output->period != places || stage.output->gap > places) {
    refuse(stage.stage.name, "leaves sums between values that are not laid out for it", kOtherMode);
  }
}

/// Whether the plan counts the ciphertexts that the layouts have.
void check_plan(const PackedStage& stage, std::size_t places, const ckks::Context& context) {
  std::size_t inputs = 0;
  for (const auto& input : stage.inputs) inputs += input.layout->ciphertexts(places);
  const std::size_t outputs = stage.output->ciphertexts(places);
  const bool hoisted = stage.method == PackedStage::Method::hoisted;
  const std::size_t planned_inputs = hoisted ? 1 : stage.blocks.inputs;
  const std::size_t planned_outputs = hoisted ? 1 : stage.blocks.outputs;
  if (inputs != planned_inputs || outputs != planned_outputs) {
    refuse(stage.stage.name,
           fmt::format("its plan is for {} ciphertexts to {}, its layouts have {} and {}", planned_inputs,
                       planned_outputs, inputs, outputs),
           kOtherMode);
  }
  if (hoisted) {
    if (stage.hoisted.terms.empty()) refuse(stage.stage.name, "its plan has no diagonal", kOtherMode);
    return;
  }
  try {
    circuits::check_plan(stage.blocks, context.slots());
  } catch (const ParameterError& e) {
    refuse(stage.stage.name, e.what(), kOtherMode);
  }
}

/// What reads merged chunks reads them where they stand. `made`: what one chunk became, as laid out.
void check_merge(const Program& program, const PackedStage& reader, const std::shared_ptr<const Layout>& made,
                 std::size_t slots) {
  const Merge& merge = *program.merge;
  const message::Chunked& chunks = *program.client.chunks;
  Layout chunk = *made;
  if (merge.value == 0) {
    chunk.period = program.client.period;
    chunk.position = program.client.input_slots;
  }
  const bool concat = merge.kind == Merge::Kind::concat;
  const std::size_t groups = concat ? chunks.groups(merge.count) : 1;
  if (chunk.position.size() * chunks.wide * groups > kMostMergedPlaces) {
    refuse(reader.stage.name, "merges more chunks than fit", kOtherMode);
  }
  Layout merged = merged_layout(chunk, chunks.wide, groups, slots);
  if (concat) merged.position.resize(chunk.position.size() * merge.count);
  for (std::size_t k = 0; k < reader.inputs.size(); ++k) {
    if (reader.stage.terms[k].value != merge.value) continue;
    const Layout& read = *reader.inputs[k].layout;
    if (read.period != merged.period || read.position != merged.position) {
      refuse(reader.stage.name, "reads merged chunks in another layout than they were made in", kOtherMode);
    }
  }
}

void check_packed(const Program& program, const ckks::Context& context) {
  std::vector<std::size_t> limbs{program.client.input_limbs};
  std::vector<std::shared_ptr<const Layout>> values{program.packed.front().inputs.front().layout};
  for (std::size_t i = 0; i < program.packed.size(); ++i) {
    const PackedStage& stage = program.packed[i];
    const std::size_t places = context.slots() / stage.width;
    if (program.merge && program.merge->value == i) check_merge(program, stage, values.back(), context.slots());
    check_stage(message::Mode::packed, stage.stage, stage.schedule, stage.scales, context, limbs);
    if (stage.inputs.size() != stage.stage.terms.size()) refuse(stage.stage.name, "lacks an input", kOtherMode);
    for (std::size_t k = 0; k < stage.inputs.size(); ++k) {
      const Term& term = stage.stage.terms[k];
      check_layout(stage.stage.name, *stage.inputs[k].layout, term.map.columns);
      const bool merged = program.merge && program.merge->value == term.value;
      const Layout &read = *stage.inputs[k].layout, &made = *values[term.value];
      if (!merged && (read.position != made.position || read.gap != made.gap || read.windows != made.windows)) {
        refuse(stage.stage.name, "reads a value in another layout than it was made in", kOtherMode);
      }
    }
    check_layout(stage.stage.name, *stage.output, stage.stage.output.size());
    check_gaps(stage, places);
    check_plan(stage, places, context);
    values.push_back(stage.output);
  }
  const message::ClientSpec& client = program.client;
  const std::string& last = program.packed.back().stage.name;
  const bool merges_input = program.merge && program.merge->value == 0;
  const bool same = merges_input || client.period == values.front()->period;
  const bool placed = merges_input ? client.input_begin.empty() && client.input_slots.size() == client.unit().size()
                                   : lays_out(program, *values.front());
  if (!same || !placed) {
    refuse(last, "the client's part has another layout of the image than the first stage", kOtherMode);
  }
  const std::size_t places = context.slots() / program.packed.back().width;
  const std::size_t period = values.back()->period;
  if (std::min(period, places) * client.reply_gap != places || values.back()->ciphertexts(places) != client.replies()) {
    refuse(last, "the reply has not the places that are read", kOtherMode);
  }
}

void check_batched(const Program& program, const ckks::Context& context) {
  std::vector<std::size_t> limbs{program.client.input_limbs};
  for (const BatchedStage& stage : program.batched) {
    check_stage(message::Mode::batched, stage.stage, stage.schedule, stage.scales, context, limbs);
  }
}

/// Values that were measured stay below half the modulus at their level and scale (as compile/simulate.h checks them).
void check_range(const Stage& stage, const StageSchedule& s, const StageScales& scales, const Magnitudes::PerStage& m,
                 const ckks::Context& context) {
  double before = std::log2(scales.after_map);
  for (std::size_t r = 0; r < s.rescales_after_map; ++r) {
    before += std::log2(static_cast<double>(context.q(s.limbs - 1 - r).value()));
  }
  const auto fits = [&](double value, double scale_bits, std::size_t limbs) {
    return std::isfinite(value) && std::log2(value) + scale_bits < modulus_bits(context, limbs);
  };
  bool good = fits(m.map_max, before, s.limbs);
  if (stage.activation == Stage::Activation::square) {
    good = good && fits(m.activation_max, 2 * std::log2(scales.after_map), s.activation_limbs);
  }
  if (!good) {
    refuse(stage.name,
           fmt::format("values of {:.3g} leave the range of the modulus", std::max(m.map_max, m.activation_max)),
           kRanges);
  }
}

}  // namespace

void validate(const Program& program, const Magnitudes& magnitudes, const ckks::Context& context) {
  const message::ClientSpec& client = program.client;
  const bool packed = client.mode == message::Mode::packed;
  if (packed) {
    check_packed(program, context);
  } else {
    check_batched(program, context);
  }
  for (std::size_t i = 0; i < magnitudes.stages.size(); ++i) {
    const Stage& stage = packed ? program.packed[i].stage : program.batched[i].stage;
    const StageScales& scales = packed ? program.packed[i].scales : program.batched[i].scales;
    check_range(stage, program.schedule.stages[i], scales, magnitudes.stages[i], context);
  }
  const std::string& last = packed ? program.packed.back().stage.name : program.batched.back().stage.name;
  const double error = client.logit_error;
  if (!std::isfinite(error) || !std::isfinite(client.output_factor) || !is_scale(client.input_scale)) {
    refuse(last, fmt::format("the predicted error of a logit is {:.3g}", error), kRanges);
  }
}

}  // namespace obscura::program
